import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { newConnections } from '../helpers/load.ts';
import { MECHANISMS, policiesOf } from '../helpers/privileges.ts';
import { randomBytes } from '../helpers/random.ts';
import { nextWorker } from '../helpers/requests.ts';
import { sharing } from '../helpers/reuse-port.ts';

/** Where a worker has the load table in its memory, and its size: whether it lies in a file or in a BPF map. */
function tableIn(pid: number): { address: number; size: number } {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  const line = /^([0-9a-f]+)-([0-9a-f]+) rw-s .*(?:evenkeel-load-table|bpf-map)/m.exec(maps);
  if (line === null) throw new Error(`process ${pid} has no load table`);
  const [address, end] = line.slice(1).map((hex) => Number.parseInt(hex, 16)) as [number, number];
  return { address, size: end - address };
}

// A worker can write anything into the load table, which the kernel's programs read too.
describe.each(MECHANISMS)('$mechanism', (privilege) => {
  test.each(policiesOf(privilege))(
    'random bytes all over the table, again and again under load, %s: every connection is served',
    async (policy) => {
      await using fleet = sharing('http-hello.mjs', 3, policy, privilege);
      const port = await fleet.ready();
      const { pid } = await nextWorker(port);
      const { seed, next } = randomBytes();
      console.log(`EVENKEEL_TEST_SEED=${seed}`);
      const { address, size } = tableIn(pid);
      const memory = openSync(`/proc/${pid}/mem`, 'r+');
      const load = newConnections(port, 200);
      for (let round = 0; round < 60; round++) {
        writeSync(memory, next(size), 0, size, address);
        await new Promise((resolve) => setTimeout(resolve, 15)); // the fleet runs on in between
      }
      closeSync(memory);
      const { ok, ...failures } = await load.stop();
      expect(failures).toEqual({ refused: 0, reset: 0, empty: 0, hung: 0, other: 0 });
      expect(ok).toBeGreaterThan(60);

      // A worker can die and be replaced afterwards.
      process.kill(pid, 'SIGKILL');
      await fleet.logged(({ msg }) => msg.includes('killed by SIGKILL'));
      for (let i = 0; i < 30; i++) await nextWorker(port, `127.0.2.${i + 1}`);
      expect(await fleet.stop()).toEqual({ code: 0, signal: null });
      expect(fleet.stderr).toBe('');
    },
  );
});
