import { expect, test } from 'vitest';
import { budgetOf, cuts, secondsOf, shorten } from '../../bench/lib/budget.mjs';
import { begins } from '../../bench/lib/said.mjs';

const WHO = [{ id: 'a' }, { id: 'b' }];

function part(name: string, rounds: number, seconds: number) {
  return { scenario: { name, takes: () => seconds }, contestants: WHO, options: { rounds } };
}

const rounds = (parts: { options: { rounds: number } }[]) => parts.map(({ options }) => options.rounds);

test('what fits stays as it is', () => {
  const parts = [part('long', 3, 10), part('short', 5, 1)];
  expect(shorten(parts, secondsOf(parts))).toEqual(parts);
  expect(cuts(parts, parts)).toEqual([]);
});

test('rounds go where they take the longest, first those beyond three', () => {
  const parts = [part('long', 3, 10), part('short', 5, 1)];
  const fitting = shorten(parts, secondsOf(parts) - 1);
  expect(rounds(fitting)).toEqual([3, 4]);
  expect(cuts(parts, fitting)).toEqual(['short 4 of 5']);
  expect(rounds(shorten(parts, secondsOf(parts) - 5))).toEqual([2, 3]);
  expect(rounds(parts)).toEqual([3, 5]);
});

test('where one round takes the longest, not where all do', () => {
  const parts = [part('slow', 4, 6), part('many', 40, 1)];
  expect(rounds(shorten(parts, secondsOf(parts) - 1))).toEqual([3, 40]);
});

test('a scenario that says what is enough comes first', () => {
  const counts = part('counts', 3, 1);
  const parts = [{ ...counts, scenario: { ...counts.scenario, enough: 1 } }, part('long', 3, 10)];
  expect(rounds(shorten(parts, secondsOf(parts) - 3))).toEqual([1, 3]);
});

test('each keeps one, were it too long', () => {
  const fitting = shorten([part('long', 3, 10), part('short', 5, 1)], 1);
  expect(rounds(fitting)).toEqual([1, 1]);
});

test('what is cut is said, and what is too long nonetheless', () => {
  const run = { workers: 4, seed: 1, mode: 'quick', cut: ['skew 2 of 3'], seconds: 75, budget: 80 };
  expect(begins(run)).toBe(
    '4 workers, seed 1, quick: about 1:15 min\nRounds, so that it takes no longer (--minutes): skew 2 of 3.',
  );
  expect(begins({ ...run, cut: [], seconds: 81 })).toMatch(/more than it should be: --only/);
});

test('the minutes promised, or asked for, and a little less; the guard has what it needs', () => {
  expect([{}, { quick: true }, { quick: true, minutes: 60 }].map(budgetOf)).toEqual([855, 171, 3420]);
  expect(budgetOf({ guard: true })).toBe(Number.POSITIVE_INFINITY);
});
