import { describe, expect, test } from 'vitest';
import { Runtime } from '../helpers/control.ts';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { noTerminal, OnTerminal } from '../helpers/terminal.ts';
import { Upgradable } from '../helpers/upgradable.ts';

const ENTER = '\x1b[?1049h';
const RESTORED = '\x1b[?25h\x1b[?1049l';

async function serving(): Promise<{ runtime: Runtime; fleet: Fleet }> {
  const runtime = new Runtime();
  const fleet = new Fleet(['-w', '2', '--name', 'shop', fixture('http-hello.mjs')], runtime.env);
  await fleet.ready();
  return { runtime, fleet };
}

describe.skipIf(noTerminal !== undefined)('top', () => {
  test('shows the fleet, does what its keys say, and leaves the terminal as it was', async () => {
    const { runtime, fleet } = await serving();
    await using _fleet = fleet;
    await using top = new OnTerminal(['top'], runtime.env);
    await top.shows(/2 workers: 2 ready, 0 connections/);
    expect(top.output.startsWith(ENTER)).toBe(true);
    await top.shows(/0\/s, 0 queued/); // a second look
    top.press('+');
    await top.shows(/one worker more: done/);
    await top.shows(/3 workers: 3 ready/);
    top.press('r');
    await top.shows(/reload: done/);
    await top.shows(/generation 2 [\s\S]*reloaded \ds ago/);
    const before = top.output.length;
    top.press('--');
    await top.shows(/one worker fewer: done/, before);
    top.press('-');
    await top.shows(/one worker fewer failed: workers must be/, before);
    top.press('q');
    expect(await top.exited).toBe(0);
    expect(top.output.endsWith(RESTORED)).toBe(true);
    expect(await runtime.json('status')).toMatchObject({ size: 1, generation: 2 });
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s: the terminal is as it was', async (signal) => {
    const { runtime, fleet } = await serving();
    await using _fleet = fleet;
    await using top = new OnTerminal(['top'], runtime.env);
    await top.shows(/2 workers: 2 ready/);
    process.kill(top.pid, signal);
    expect(await top.exited).toBe(0);
    expect(top.output.endsWith(RESTORED)).toBe(true);
  });

  test('the primary is upgraded: it shows the next one', async () => {
    await using fleet = new Upgradable(new Runtime(), ['-w', '1']);
    await fleet.ready();
    const { env } = fleet.runtime;
    await using top = new OnTerminal(['top', '--name', fleet.name], env);
    await top.shows(/generation 1 /);
    expect((await fleet.upgrade()).code).toBe(0);
    await top.shows(/generation 2 /);
    top.press('q');
    expect(await top.exited).toBe(0);
    await fleet.stopAll();
  });

  test('the fleet ends: the terminal is as it was, and says so', async () => {
    const { runtime, fleet } = await serving();
    await using _fleet = fleet;
    await using top = new OnTerminal(['top'], runtime.env);
    await top.shows(/2 workers: 2 ready/);
    await fleet.stop();
    expect(await top.exited).toBe(1);
    expect(top.output.split(RESTORED)[1]).toMatch(/^evenkeel: .*\[(ERR_NO_ANSWER|EPIPE|ECONNRESET)\]\r\n$/);
  });
});
