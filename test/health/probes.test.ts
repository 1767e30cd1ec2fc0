import { expect, test } from 'vitest';
import { liveness, readiness } from '../../dist/health/probes.js';

const fleet = (phase: string, ...states: string[]) =>
  ({ phase, workers: states.map((state) => ({ state })) }) as never;

test.each([
  ['running', ['ready', 'starting'], { ok: true }],
  ['starting', ['ready', 'starting'], { ok: true }],
  ['starting', ['starting', 'starting'], { ok: false, why: 'no worker is ready: 2 starting' }],
  ['running', ['waiting', 'draining'], { ok: false, why: 'no worker is ready: 1 waiting, 1 draining' }],
  ['starting', [], { ok: false, why: 'no worker is ready: there are none' }],
  ['stopping', ['ready'], { ok: false, why: 'the fleet is stopping' }],
  ['stopped', [], { ok: false, why: 'the fleet has ended' }],
])('ready? %s, %j', (phase, states, verdict) => expect(readiness(fleet(phase, ...states))).toEqual(verdict));

test('alive until the end, whatever the workers do', () => {
  for (const phase of ['starting', 'running', 'stopping']) expect(liveness(fleet(phase)).ok).toBe(true);
  expect(liveness(fleet('stopped')).ok).toBe(false);
});
