import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { newConnections } from '../helpers/load.ts';
import { randomBytes } from '../helpers/random.ts';
import { eventually, nextWorker } from '../helpers/requests.ts';
import { slotsOf, tablePath } from '../helpers/table.ts';

const READY = 2;

// Any worker can write anything into the load table, its header too.
test.each(['round-robin', 'least-connections', 'source-hash'])(
  'random bytes all over the table, again and again under load, %s: every connection is served',
  async (policy) => {
    await using fleet = new Fleet([
      fixture('http-hello.mjs'),
      ...['-w', '3', '-s', 'hand-off', '-p', policy],
    ]);
    const port = await fleet.ready();
    const primary = fleet.process.pid as number;
    const [{ pid: victim } = { pid: 0 }] = slotsOf(primary);
    const { seed, next } = randomBytes();
    console.log(`EVENKEEL_TEST_SEED=${seed}`);
    const table = openSync(tablePath(primary), 'r+');
    const { size } = fstatSync(table);
    const load = newConnections(port, 200);
    for (let round = 0; round < 100; round++) {
      writeSync(table, next(size), 0, size, 0);
      await new Promise((resolve) => setTimeout(resolve, 15)); // the fleet runs on in between
    }
    closeSync(table);
    const { ok, ...failures } = await load.stop();
    expect(failures).toEqual({ refused: 0, reset: 0, empty: 0, hung: 0, other: 0 });
    expect(ok).toBeGreaterThan(100);

    // A worker can die and be replaced afterwards, and the idle ones are found.
    process.kill(victim, 'SIGKILL');
    await fleet.logged(({ msg }) => msg.includes('killed by SIGKILL'));
    const successor = () => slotsOf(primary)[0];
    await eventually(() => successor()?.pid !== victim && successor()?.state === READY);
    for (let i = 0; i < 30; i++) await nextWorker(port, `127.0.2.${i + 1}`);
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
    expect(fleet.stderr).toBe('');
  },
);
