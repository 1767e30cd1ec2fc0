import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { fixture, NODE } from '../helpers/fleet.ts';
import { preloaded } from '../helpers/preload.ts';

// What the system refuses on the way of a connection to its worker: each in a process of its own, which has
// the limit.

const library = preloaded('native/refuses.c');

function run(limit: number, name: string, env = {}) {
  const args = ['-c', `ulimit -n ${limit}; exec "$@"`, 'sh', NODE, fixture(`native/${name}`)];
  return JSON.parse(execFileSync('sh', args, { encoding: 'utf8', env: { ...process.env, ...env } }));
}

test('more descriptors in flight than the user may have (ETOOMANYREFS): held, tried again, none lost', () => {
  const { held, cpu, taken, left } = run(150, 'too-many-refs.mjs');
  expect(held).toBeGreaterThan(0); // 180 were to be sent, 150 may be
  expect(cpu).toBeLessThan(100); // ms, of half a second
  expect([taken, left]).toEqual([180, 0]);
});

test('no number for what came (MSG_CTRUNC): said, and counted as over', () => {
  // The room was there when one looked, and was not when one took.
  const preload = [process.env.LD_PRELOAD, library()].filter(Boolean).join(':'); // a sanitizer comes first
  const env = { LD_PRELOAD: preload, MANY_FILES: '1' };
  const { untaken, bursts, errors, active, accepted, left } = run(64, 'loses-descriptors.mjs', env);
  expect(untaken).toBe(5);
  expect(bursts).toHaveLength(1);
  const [{ count, lost }] = bursts;
  expect(lost).toBeGreaterThan(0);
  expect(count + lost).toBe(5);
  expect(errors).toEqual([{ code: 'EMFILE', syscall: 'recvmsg' }]);
  expect({ active, accepted, left }).toEqual({ active: 0, accepted: lost, left: 0 });
});
