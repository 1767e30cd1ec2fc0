import { expect, test } from 'vitest';
import { isAlive, statusLine } from '../../dist/systemd/service.js';

const fleet = (phase: string, ...states: string[]) =>
  ({ phase, generation: 3, workers: states.map((state) => ({ state })) }) as never;

test.each([
  ['starting', ['starting'], true],
  ['running', ['ready', 'waiting'], true],
  ['running', ['starting', 'waiting'], false],
  ['running', [], false],
  ['stopping', ['draining'], true],
])('a sign of life? %s, %j: %s', (phase, states, alive) =>
  expect(isAlive(fleet(phase, ...states))).toBe(alive),
);

test('in words', () => {
  expect(statusLine(fleet('running', 'ready', 'starting', 'draining'))).toBe(
    'running: 1 of 2 workers ready, generation 3, 1 draining',
  );
  expect(statusLine(fleet('stopped'))).toBe('stopped: 0 of 0 workers ready, generation 3');
});
