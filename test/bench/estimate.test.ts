import { expect, test } from 'vitest';
import { clock, expected, timeLeft } from '../../bench/lib/estimate.mjs';

test('a scenario by its own word, by its seconds, or by what is usual', () => {
  const who = { taking: 3, warming: 0 };
  expect(expected({ takes: ({ kills }: { kills: number }) => kills * 2 }, { rounds: 2, kills: 5 }, who)).toBe(
    60,
  );
  expect(expected({}, { rounds: 2, seconds: 10 }, who)).toBe(60);
  expect(expected({}, { rounds: 1 }, who)).toBeGreaterThan(0);
});

test('who is warm already does not count', () => {
  const scenario = [{}, { rounds: 1, seconds: 1 }] as const;
  const cold = expected(...scenario, { taking: 4, warming: 4 });
  expect(cold).toBeGreaterThan(expected(...scenario, { taking: 4, warming: 1 }));
});

test('nothing ran yet: the sum of what is expected', () => {
  expect(timeLeft({ finished: [], waiting: [10, 20] })).toBe(30);
});

test('those before took twice as long: so will the others', () => {
  expect(timeLeft({ finished: [{ expected: 10, took: 20 }], waiting: [10, 20] })).toBe(60);
});

test('the one under way: by the plan until a round is done, then more and more by its rounds', () => {
  const left = (elapsed: number, done: number) =>
    timeLeft({ finished: [], running: { expected: 100, elapsed, done, total: 10 }, waiting: [] });
  expect(left(30, 0)).toBe(70);
  expect(left(100, 5)).toBe(50); // half by the plan, which has nothing left, half by the rounds: as long again
  expect(left(180, 9)).toBeCloseTo(18);
  expect(left(200, 10)).toBe(0);
});

test('longer than planned is never less than nothing', () => {
  expect(
    timeLeft({ finished: [], running: { expected: 10, elapsed: 50, done: 0, total: 4 }, waiting: [] }),
  ).toBe(0);
});

test('minutes and seconds', () => {
  expect([0, 59.6, 75, 3600].map(clock)).toEqual(['0:00', '1:00', '1:15', '60:00']);
});
