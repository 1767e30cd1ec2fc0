import { expect, test } from 'vitest';
import { RunningTotals } from '../../dist/metrics/running-totals.js';

test('a place counts what all of its processes have, those that run now too', () => {
  const totals = new RunningTotals();
  totals.observe(0, 1, 10);
  totals.observe(1, 2, 5);
  expect(Object.fromEntries(totals.totals())).toEqual({ 0: 10, 1: 5 });
  totals.observe(0, 1, 12);
  totals.end(1);
  expect(totals.totals().get(0)).toBe(12);
  totals.observe(0, 3, 1);
  expect(totals.totals().get(0)).toBe(13);
});

test('two processes of one place at once, as in a reload', () => {
  const totals = new RunningTotals();
  totals.observe(0, 1, 10);
  totals.observe(0, 2, 3);
  expect(totals.totals().get(0)).toBe(13);
  totals.end(1);
  expect(totals.totals().get(0)).toBe(13);
});

test('an end that comes twice, or of nobody, changes nothing', () => {
  const totals = new RunningTotals();
  totals.observe(0, 1, 10);
  totals.end(1);
  totals.end(1);
  totals.end(7);
  expect(totals.totals()).toEqual(new Map([[0, 10]]));
});
