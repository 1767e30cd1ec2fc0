import { describe, expect, test } from 'vitest';
import { backoff, CRASH_LOOP, failuresAfter } from '../../dist/primary/backoff.js';

const CAP = 30_000;
/** Of the delay without jitter: from its half to the whole. */
const bounds = (failures: number): [number, number] => [backoff(failures, 0), backoff(failures, 1)];

test('the first failure, and none, cost nothing', () => {
  for (const random of [0, 0.5, 1]) {
    expect(backoff(0, random)).toBe(0);
    expect(backoff(1, random)).toBe(0);
  }
});

test('then it doubles from 100 ms, and ends at 30 s', () => {
  const delays = Array.from({ length: 12 }, (_, i) => backoff(i + 2, 1));
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, CAP, CAP, CAP]);
});

describe('jitter', () => {
  test.each([2, 3, 7, 11, 40])('%d failures: between a half and the whole', (failures) => {
    const [least, most] = bounds(failures);
    expect(least).toBe(most / 2);
    for (let i = 0; i <= 1000; i++) {
      const delay = backoff(failures, i / 1000);
      expect(delay).toBeGreaterThanOrEqual(least);
      expect(delay).toBeLessThanOrEqual(most);
    }
  });

  test('grows with the random number, so that it spreads', () => {
    const delays = [0, 0.25, 0.5, 0.75, 1].map((random) => backoff(4, random));
    expect(delays).toEqual([200, 250, 300, 350, 400]);
  });
});

test.each([1000, 1024, 1075, 1e9, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Number.POSITIVE_INFINITY])(
  '%d failures: the cap, not NaN nor Infinity',
  (failures) => {
    expect(bounds(failures)).toEqual([CAP / 2, CAP]);
  },
);

test('a whole number of milliseconds', () => {
  for (let failures = 0; failures < 40; failures++) {
    expect(Number.isInteger(backoff(failures, 0.123_456))).toBe(true);
  }
});

test('a crash loop is called one only after a delay has been tried', () => {
  expect(backoff(CRASH_LOOP - 1, 0)).toBeGreaterThan(0);
});

describe('failures in a row', () => {
  test.each([0, 1, 5, 1000])('after %d, one that died before minUptime is one more', (before) => {
    expect(failuresAfter(before, 999, 1000)).toBe(before + 1);
  });

  test.each([0, 1, 5, 1000])('after %d, one that lived for minUptime begins anew: no delay', (before) => {
    const failures = failuresAfter(before, 1000, 1000);
    expect(failures).toBe(1);
    expect(backoff(failures, 1)).toBe(0);
  });
});
