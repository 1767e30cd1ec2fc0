import { expect, test } from 'vitest';
import { castOf, check, OPTIONS, PROMISES } from '../../bench/guard.mjs';
import { verdicts } from '../../bench/lib/said.mjs';
import { column, summary, value } from './reports.ts';

const ratio = {
  scenario: 'cpu',
  column: 'us',
  id: 'ours',
  over: 'theirs',
  measured: 0.4,
  most: 0.6,
  promise: 'cheap',
};
const plain = { scenario: 'even', column: 'share', id: 'ours', measured: 1, most: 1.2, promise: 'even' };
const whole = { scenario: 'even', column: 'failures', id: 'ours', measured: 0, most: 0, promise: 'whole' };
const PROMISED = [ratio, plain, whole];

function summaries({ us = value(50), share = value(1.1), failures = {} } = {}) {
  return {
    cpu: summary([column('us')], { ours: { us }, theirs: { us: value(100) } }),
    even: summary([column('share')], { ours: { share } }, failures),
  };
}

const kept = (all: object) => check(all, PROMISED).map((one) => one.kept);

test('all within their margins', () => {
  expect(check(summaries(), PROMISED)).toEqual([
    { ...ratio, value: 0.5, kept: true },
    { ...plain, value: 1.1, kept: true },
    { ...whole, value: 0, kept: true },
  ]);
});

test('each falls short by itself', () => {
  expect(kept(summaries({ us: value(61) }))).toEqual([false, true, true]);
  expect(kept(summaries({ share: value(1.21) }))).toEqual([true, false, true]);
  expect(kept(summaries({ failures: { reset: 1 } }))).toEqual([true, true, false]);
});

test('at the margin is kept', () => {
  expect(kept(summaries({ us: value(60), share: value(1.2) }))).toEqual([true, true, true]);
});

test('the ratio is the median of the rounds, so that one bad round does not decide', () => {
  expect(kept(summaries({ us: value(50, 500, 51) }))[0]).toBe(true);
});

test('what was not measured is not kept', () => {
  const { even } = summaries();
  expect(kept({ even })).toEqual([false, true, true]);
  expect(kept({ cpu: summary([column('us')], { ours: { us: value(1) } }), even })).toEqual([
    false,
    true,
    true,
  ]);
});

test('who falls short is said', () => {
  expect(verdicts(check(summaries(), PROMISED), 2)).toMatch(/Every promise is kept\.$/);
  const text = verdicts(check(summaries({ us: value(61) }), PROMISED), 0.1);
  expect(text).toMatch(/cheap +0.4 +0.61 +0.6 +FELL SHORT/);
  expect(text).toMatch(/1 of 3 promises fell short\.$/);
  expect(verdicts(check({}, PROMISED), 1.26)).toMatch(/not measured[\s\S]*up to 1.3 CPUs meanwhile/);
});

test('the table: margins above what was measured, and everybody in it takes part', () => {
  for (const { promise, measured, most } of PROMISES) expect(most, promise).toBeGreaterThanOrEqual(measured);
  expect(Object.keys(OPTIONS).sort()).toEqual([...new Set(PROMISES.map(({ scenario }) => scenario))].sort());
  expect(castOf('cpu', PROMISED)).toEqual(['ours', 'theirs']);
  expect(castOf('even', PROMISED)).toEqual(['ours']);
});
