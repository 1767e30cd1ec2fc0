import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { fixture } from '../helpers/fleet.ts';
import { childrenOf, descriptorLimit, limitDescriptors, openDescriptors } from '../helpers/processes.ts';
import { Reloadable } from '../helpers/reloadable.ts';
import { eventually, get, isRunning } from '../helpers/requests.ts';
import { noTerminal, OnTerminal } from '../helpers/terminal.ts';

// A reload for which the primary has not enough descriptors: how many it has is what each test says.

/** As a limit of descriptors, it leaves so many. */
function leave(pid: number, free: number): void {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  for (let left = free; left > 0 || used.has(limit); limit++) if (!used.has(limit)) left--;
  limitDescriptors(pid, limit);
}

/** What a fork needs: 7 for a channel, a lane, a bell and what is shared of them, 4 for Node's own pipes. */
const MOST_OF_ONE = 15;

describe.each(STRATEGIES)('%s', (strategy) => {
  test('whichever descriptor is the first that is missing: said, nothing is left open, the old ones serve', async () => {
    // A process group of its own: what is sent to the group by mistake shall not reach this one.
    await using fleet = new Reloadable(['-w', '2', '-s', strategy, '--max-surge', '2'], {}, {}, ['setsid']);
    const port = await fleet.ready();
    const pid = fleet.process.pid as number;
    const workers = childrenOf(pid);
    const [limit, open] = [descriptorLimit(pid), openDescriptors(pid)];
    fleet.deploy({ mode: 'crashes' }); // should one be forked nevertheless, it replaces nobody
    for (let free = 0; free < MOST_OF_ONE; free++) {
      leave(pid, free);
      const { code, msg } = await fleet.reload();
      limitDescriptors(pid, limit);
      expect(code, `${free}`).toBe('ERR_RELOAD_FAILED');
      expect(msg, `${free}`).toMatch(
        /(EMFILE|exit code 1).*; 0 of 2 workers were replaced, 2 old ones go on$/,
      );
      await eventually(() => childrenOf(pid).length === workers.length);
      await eventually(() => openDescriptors(pid) === open);
    }
    expect(childrenOf(pid)).toEqual(workers);
    expect(JSON.parse(await get(port))).toMatchObject({ version: 1 });
    fleet.deploy();
    await fleet.reload();
    expect(JSON.parse(await get(port))).toMatchObject({ version: 3 });
  });
});

test.each(['shared-handle', 'reuse-port'])(
  '%s: nothing left to lend the new worker its socket with: said',
  async (strategy) => {
    await using fleet = new Reloadable(
      ['-w', '2', '-s', strategy, '--wait-ready', '--listen-timeout', '20000'],
      {},
      { mode: 'waits' },
    );
    const go = `${fleet.file}.go`;
    writeFileSync(go, '');
    const port = await fleet.ready();
    const pid = fleet.process.pid as number;
    const [limit, open] = [descriptorLimit(pid), openDescriptors(pid)];
    rmSync(go);
    fleet.deploy({ mode: 'waits' });
    const reload = fleet.reload();
    await eventually(() => childrenOf(pid).length === 3);
    await fleet.printed(new RegExp(`^waits ${childrenOf(pid)[2]}$`));
    leave(pid, 0);
    writeFileSync(go, '');
    expect((await reload).msg).toMatch(
      /ended before it was ready: it cannot be given what it listens on: .*EMFILE.*; 0 of 2 workers were replaced, 2 old ones go on$/,
    );
    limitDescriptors(pid, limit);
    await eventually(() => openDescriptors(pid) === open);
    expect(JSON.parse(await get(port))).toMatchObject({ version: 1 });
    await fleet.reload();
    expect(JSON.parse(await get(port))).toMatchObject({ version: 2 });
  },
);

test('one fewer instead of one more, and no descriptor to fork with: the place is filled when there is one', async () => {
  await using fleet = new Reloadable(['-w', '2', '--max-surge', '0', '--max-unavailable', '1']);
  const port = await fleet.ready();
  const pid = fleet.process.pid as number;
  const limit = descriptorLimit(pid);
  leave(pid, 0);
  const { msg } = await fleet.reload();
  expect(msg).toMatch(/cannot fork a worker: .*EMFILE.*; 0 of 2 workers were replaced, 1 old ones go on$/);
  await eventually(() => childrenOf(pid).length === 1); // the other has drained
  limitDescriptors(pid, limit);
  await eventually(() => childrenOf(pid).length === 2);
  await fleet.reload();
  expect(childrenOf(pid)).toHaveLength(2);
  await get(port);
});

describe.skipIf(noTerminal !== undefined)('no descriptor to look for the terminal', () => {
  test('a SIGHUP, and the terminal is there: reloaded', async () => {
    await using fleet = new OnTerminal([fixture('http-hello.mjs'), '-w', '1'], {});
    await fleet.shows(/1 of 1 workers ready/);
    const { pid } = fleet;
    leave(pid, 0);
    process.kill(pid, 'SIGHUP');
    await fleet.shows(/SIGHUP: reloading|the terminal is gone/);
    expect(fleet.output).not.toContain('the terminal is gone');
  });

  test('the terminal is closed: the fleet ends', async () => {
    const fleet = new OnTerminal([fixture('http-hello.mjs'), '-w', '1'], {});
    await fleet.shows(/1 of 1 workers ready/);
    const { pid } = fleet;
    leave(pid, 0);
    await fleet[Symbol.asyncDispose]();
    await eventually(() => !isRunning(pid));
  });
});
