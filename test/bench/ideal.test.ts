import { expect, test } from 'vitest';
import { ideal } from '../../bench/lib/ideal.mjs';

const job = (at: number, work: number) => ({ at, work });

test('whoever is free takes the first that waits', () => {
  // The second worker is free again at 6, and takes the third.
  const jobs = [job(0, 10), job(2, 4), job(3, 1)];
  expect(ideal(jobs, { workers: 2, cores: 2 })).toEqual([10, 4, 4]);
});

test('more at work than there are cores: they share them', () => {
  // Two thirds of a core each until 4.5, when two are done; the third has 3 of its 6 left and a core for itself.
  const took = ideal([job(0, 3), job(0, 3), job(0, 6)], { workers: 4, cores: 2 });
  expect(took).toEqual([4.5, 4.5, 7.5].map((ms) => expect.closeTo(ms, 9)));
});

test('on one core two share it, and the third waits for a worker', () => {
  // Half a core each from 0 to 20; then the third alone.
  expect(ideal([job(0, 10), job(0, 10), job(1, 1)], { workers: 2, cores: 1 })).toEqual([20, 20, 20]);
});

test('an idle time between them changes nothing', () => {
  expect(ideal([job(5, 1), job(100, 2)], { workers: 4, cores: 2 })).toEqual([1, 2]);
});

test('nobody comes', () => {
  expect(ideal([], { workers: 4, cores: 2 })).toEqual([]);
});
