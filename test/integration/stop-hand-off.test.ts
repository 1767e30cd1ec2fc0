import { expect, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { eventually, get, nextWorker } from '../helpers/requests.ts';
import { slotsOf } from '../helpers/table.ts';

test.each(['round-robin', 'least-connections', 'source-hash'])(
  'the fleet stops while connections are on their way to workers that all block, %s: they are answered',
  async (policy) => {
    const args = ['-w', '1', '-s', 'hand-off', '-p', policy];
    await using fleet = new Fleet([fixture('blocks-later.mjs'), ...args]);
    const port = await fleet.ready();
    await get(port, '/block?2000');
    await fleet.printed(/^blocks/);
    const answers = Array.from({ length: 12 }, () => nextWorker(port));
    await eventually(() => slotsOf(fleet.process.pid as number).some(({ untaken }) => untaken > 0));
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
    expect(await Promise.all(answers)).toHaveLength(12);
  },
);
