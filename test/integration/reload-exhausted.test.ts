import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { childrenOf, descriptorLimit, limitDescriptors, openDescriptors } from '../helpers/processes.ts';
import { Reloadable } from '../helpers/reloadable.ts';
import { eventually, get } from '../helpers/requests.ts';

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
