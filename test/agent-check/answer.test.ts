import { expect, test } from 'vitest';
import { agentAnswer, placesOf } from '../../dist/agent-check/answer.js';

test.each([
  ['running', 4, 4, 0, 'ready up 100%'],
  ['running', 4, 4, 0.25, 'ready up 75%'],
  ['running', 2, 4, 0.25, 'ready up 38%'],
  ['running', 4, 4, undefined, 'ready up 100%'],
  ['running', 1, 4, undefined, 'ready up 25%'],
  ['running', 4, 4, 1, 'ready up 1%'],
  ['running', 1, 256, 0.99, 'ready up 1%'],
  ['running', 4, 4, -0.1, 'ready up 100%'],
  ['starting', 1, 2, 0, 'ready up 50%'],
  ['starting', 0, 2, undefined, 'down # none of 2 workers is ready'],
  ['running', 0, 2, 0, 'down # none of 2 workers is ready'],
  ['stopping', 2, 2, 0, 'drain'],
  ['stopping', 0, 2, 0, 'drain'],
  ['stopped', 0, 2, 0, 'stopped # the fleet has ended'],
] as const)('%s, %i of %i ready, utilisation %j: %s', (phase, ready, workers, utilisation, answer) => {
  expect(agentAnswer({ phase, ready, workers, utilisation })).toBe(answer);
});

test('a place in which a worker replaces another counts once', () => {
  const workers = [
    { index: 0, state: 'ready' },
    { index: 1, state: 'draining' },
    { index: 1, state: 'ready' },
    { index: 2, state: 'ready' },
    { index: 2, state: 'starting' },
    { index: 3, state: 'waiting' },
  ] as never;
  expect(placesOf({ size: 4, workers })).toEqual({ workers: 4, ready: 3 });
});

test('those that go since there are to be fewer do not count', () => {
  const workers = [
    { index: 0, state: 'ready' },
    { index: 1, state: 'draining' },
    { index: 2, state: 'draining' },
  ] as never;
  expect(placesOf({ size: 1, workers })).toEqual({ workers: 1, ready: 1 });
});
