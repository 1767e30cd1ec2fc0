import { expect, test } from 'vitest';
import { apart } from '../../bench/report/charts/draw.mjs';
import { identities } from '../../bench/report/charts/identity.mjs';
import { floorOf } from '../../bench/report/charts/tail.mjs';
import { formatOf, logDomain, logTicks } from '../../bench/report/charts/ticks.mjs';

test('names that are apart stay where they are, in their order', () => {
  expect(apart([50, 10, 30], 14)).toEqual([50, 10, 30]);
});

test('names that crowd are spread around their middle, and push others no further than they must', () => {
  expect(apart([100, 100, 100], 10)).toEqual([90, 100, 110]);
  expect(apart([100, 104, 200], 10)).toEqual([97, 107, 200]);
  expect(apart([100, 100, 106], 10)).toEqual([92, 102, 112]);
});

test('names stay inside the chart', () => {
  expect(apart([2, 3], 10, 7, 93)).toEqual([7, 17]);
  expect(apart([92, 99], 10, 7, 93)).toEqual([83, 93]);
});

test('a family has a hue, its members a dash each', () => {
  const looks = identities(['one-process', 'a/x', 'a/y', 'b/x']);
  expect(looks.get('a/x')?.color).toBe(looks.get('a/y')?.color);
  expect(looks.get('a/x')?.color).not.toBe(looks.get('b/x')?.color);
  expect(looks.get('a/x')?.dash).not.toBe(looks.get('a/y')?.dash);
});

test('no two of thirty-five look the same', () => {
  const ids = Array.from({ length: 35 }, (_, i) => `family${i % 12}/${i}`);
  const looks = [...identities(ids).values()].map(({ color, dash }) => `${color} ${dash}`);
  expect(new Set(looks).size).toBe(35);
});

test('the floor is the simulated discipline with the lowest p99', () => {
  const points = (p99: number) => [
    [0.5, 1],
    [0.99, p99],
    [1, 999],
  ];
  expect(floorOf({ random: points(9), central: points(3), two: points(5) })?.discipline).toBe('central');
  expect(floorOf(undefined)).toBeUndefined();
});

test('log axes begin and end at round figures', () => {
  expect(logDomain(4.2, 187)).toEqual([4, 200]);
  expect(logDomain(100, 100)).toEqual([100, 200]);
  expect(logTicks(4, 200)).toEqual([5, 10, 20, 50, 100, 200]);
  expect(logTicks(0.4, 3000)).toEqual([1, 10, 100, 1000]);
});

test('ticks of an axis are written alike', () => {
  expect([800, 1000].map(formatOf([0, 1200]))).toEqual(['800', '1,000']);
  expect([8000, 250_000].map(formatOf([0, 3e5]))).toEqual(['8K', '250K']);
  expect([0, 2e-7].map(formatOf([0, 1e-6]))).toEqual(['0', '2e-7']);
});
