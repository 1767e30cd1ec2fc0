import { once } from 'node:events';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { Fleet, fixture, type LogLine } from '../helpers/fleet.ts';
import { childrenOf, stop } from '../helpers/processes.ts';
import { eventually, get, isRunning, nextWorker } from '../helpers/requests.ts';

const TIMEOUT = 1000;
/** On a busy machine a worker has its time, since only that of its own counts. */
vi.setConfig({ testTimeout: 60_000 });
const BLOCKS = fixture('blocks-for-ever.mjs');

const open = (args: string[], env: Record<string, string> = {}) =>
  new Fleet(['--unresponsive-timeout', String(TIMEOUT), ...args], env);
const pidsOf = (fleet: Fleet) => childrenOf(fleet.process.pid as number);
const isReport = ({ msg }: LogLine) => msg.includes('its event loop has not turned for');

/** Another worker has taken the place of the one that was killed, and all of them serve. */
async function isReplaced(fleet: Fleet, pid: number, count: number): Promise<void> {
  await eventually(() => !pidsOf(fleet).includes(pid));
  const port = await fleet.port();
  const seen = new Set<number>();
  await eventually(async () => seen.add((await nextWorker(port)).pid).size === count);
}

describe.each([
  ['request', /\n {4}at spinInRequest \(.*blocks-for-ever\.mjs:\d+:\d+\)\n/],
  ['timer', /\n {4}at spinInTimer \(.*blocks-for-ever\.mjs:\d+:\d+\)\n/],
  ['promise', /\n {4}at spinInPromises \(.*blocks-for-ever\.mjs:\d+:\d+\)/],
  ['wait', /\n {4}at waitForEver \(.*blocks-for-ever\.mjs:\d+:\d+\)\n/],
  ['native', /killed\. Where it is cannot be said: its inspector did not start: it is in native code, or/],
])('a worker that blocks in a %s', (vice, where) => {
  test('is reported with what is known, killed, and replaced', async () => {
    await using fleet = open([BLOCKS, '-w', '2']);
    const port = await fleet.ready();
    const { pid } = JSON.parse(await get(port, `/${vice}`));
    const { msg, duration, stack, pid: reported } = await fleet.logged(isReport);
    expect(reported).toBe(pid);
    expect(msg).toMatch(where);
    expect(duration).toBeGreaterThanOrEqual(TIMEOUT);
    if (vice !== 'native') expect(`\n${stack}\n`).toMatch(where);
    await fleet.logged(
      (line) => line.pid === pid && line.msg.includes('died: killed by SIGKILL; respawning'),
    );
    await isReplaced(fleet, pid, 2);
    expect(fleet.log.filter(isReport)).toHaveLength(1);
  });
});

test.each(STRATEGIES)('by %s: a worker that spins is found, and nobody else', async (strategy) => {
  await using fleet = open([BLOCKS, '-w', '3', '-s', strategy]);
  const port = await fleet.ready();
  const { pid } = JSON.parse(await get(port, '/timer'));
  expect(await fleet.logged(isReport)).toMatchObject({ pid });
  await isReplaced(fleet, pid, 3);
  expect(fleet.log.filter(isReport)).toHaveLength(1);
});

test('a worker that is stopped is killed and replaced', async () => {
  await using fleet = open([BLOCKS, '-w', '2']);
  await fleet.ready();
  const [pid] = pidsOf(fleet) as [number, number];
  await stop(pid);
  expect((await fleet.logged(isReport)).msg).toMatch(
    /killed\. Where it is cannot be said: it was stopped by a signal/,
  );
  await isReplaced(fleet, pid, 2);
});

test('an application that handles SIGUSR1: killed without its stack', async () => {
  await using fleet = open([BLOCKS, '-w', '1'], { HANDLES_SIGUSR1: '1' });
  const port = await fleet.ready();
  const { pid } = JSON.parse(await get(port, '/request'));
  expect((await fleet.logged(isReport)).msg).toMatch(/killed\..*its application handles SIGUSR1/);
  await isReplaced(fleet, pid, 1);
});

describe('nobody is killed', () => {
  /** For three timeouts: every worker lives, and nothing is said. */
  async function live(fleet: Fleet): Promise<void> {
    const pids = pidsOf(fleet);
    await new Promise((resolve) => setTimeout(resolve, 3 * TIMEOUT)); // nothing is to happen
    expect(pids.every(isRunning)).toBe(true);
    expect(pidsOf(fleet)).toEqual(pids);
    expect(fleet.log.filter(isReport)).toEqual([]);
  }

  test.each(STRATEGIES)('who is idle, %s', async (strategy) => {
    await using fleet = open([BLOCKS, '-w', '3', '-s', strategy]);
    await fleet.ready();
    await live(fleet);
  });

  test.each(STRATEGIES)('who is busy, and turns, %s', async (strategy) => {
    await using fleet = open([fixture('busy-but-turns.mjs'), '-w', '1', '-s', strategy]);
    await fleet.ready();
    await live(fleet);
  });

  test('who starts, and takes its time', async () => {
    await using fleet = open([fixture('http-blocks-first.mjs'), '-w', '1'], {
      BLOCKS_FOR: String(3 * TIMEOUT),
    });
    await fleet.ready();
    expect(fleet.log.filter(isReport)).toEqual([]);
  });

  test('when all of us were stopped for a while, as a machine may be', async () => {
    await using fleet = open([BLOCKS, '-w', '2']);
    await fleet.ready();
    const all = [fleet.process.pid as number, ...pidsOf(fleet)];
    for (const pid of all) await stop(pid);
    await new Promise((resolve) => setTimeout(resolve, 2 * TIMEOUT)); // the time that is to count for nothing
    // The primary first: it finds workers that have been silent all that time.
    for (const pid of all) process.kill(pid, 'SIGCONT');
    await live(fleet);
  });

  test('with --inspect: reported with its stack, and it goes on', async () => {
    await using fleet = open(['--inspect=127.0.0.1:0', fixture('blocked-loop.mjs'), '-w', '1']);
    const port = await fleet.ready();
    const answer = get(port, `/block?${10 * TIMEOUT}`);
    const { msg, pid } = await fleet.logged(isReport);
    expect(msg).toMatch(/not killed, since it may be in a debugger\. It is\n(.*\n)*.*blocked-loop\.mjs/);
    expect(await answer).toBe(String(pid));
    expect(fleet.log.filter(isReport)).toHaveLength(1);
  });

  test('whom somebody debugs, though that began only later', async () => {
    await using fleet = open([BLOCKS, '-w', '1']);
    await fleet.ready();
    const [pid] = pidsOf(fleet) as [number];
    process.kill(pid, 'SIGUSR1');
    await eventually(() => /Debugger listening on (ws:\S+)/.test(fleet.stderr));
    const url = /Debugger listening on (ws:\S+)/.exec(fleet.stderr)?.[1] as string;
    const debuggers = new WebSocket(url);
    onTestFinished(() => debuggers.terminate());
    await once(debuggers, 'open');
    const heard = (what: string): Promise<void> =>
      new Promise((resolve) => {
        debuggers.on('message', (text) => String(text).includes(what) && resolve());
      });
    const [pausing, paused] = [heard('"id":2,'), heard('Debugger.paused')];
    debuggers.send(JSON.stringify({ id: 1, method: 'Debugger.enable' }));
    debuggers.send(JSON.stringify({ id: 2, method: 'Debugger.pause' }));
    await pausing;
    const answer = nextWorker(await fleet.port()); // its JavaScript begins, and stops
    await paused;
    const { msg } = await fleet.logged(isReport);
    expect(msg).toMatch(/not killed, .*: somebody debugs it$/);
    debuggers.send(JSON.stringify({ id: 3, method: 'Debugger.resume' }));
    expect((await answer).pid).toBe(pid);
    debuggers.terminate(); // a process that is debugged does not end before
  });
});
