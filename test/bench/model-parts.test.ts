import { expect, test } from 'vitest';
import { random } from '../../bench/lib/random.mjs';
import { Heap } from '../../bench/model/heap.mjs';
import { Queues } from '../../bench/model/queues.mjs';
import { deterministic, exponential, lognormal, mix } from '../../bench/model/service.mjs';
import { poissonWorkload } from '../../bench/model/workload.mjs';

test('a heap gives the least first, whatever the order they came in', () => {
  const next = random(1);
  const heap = new Heap(200);
  const inside = new Map<number, number>();
  for (let step = 0; step < 5000; step++) {
    if (inside.size < 200 && (inside.size === 0 || next() < 0.5)) {
      const key = Math.floor(next() * 50); // with equal ones
      heap.push(key, step);
      inside.set(step, key);
    } else {
      const least = Math.min(...inside.values());
      expect(heap.leastKey).toBe(least);
      const value = heap.pop();
      expect(inside.get(value)).toBe(least);
      inside.delete(value);
    }
    expect(heap.size).toBe(inside.size);
  }
});

test('a heap says when it is empty, or full', () => {
  const heap = new Heap(1);
  expect(heap.leastKey).toBe(Number.POSITIVE_INFINITY);
  expect(() => heap.pop()).toThrow('empty');
  heap.push(1, 7);
  expect(() => heap.push(2, 8)).toThrow('full');
  expect(heap.pop()).toBe(7);
});

test('queues are first in, first out, each by itself', () => {
  const queues = new Queues(2, 10);
  for (const request of [3, 1, 4]) queues.push(0, request);
  queues.push(1, 9);
  expect([queues.length(0), queues.length(1)]).toEqual([3, 1]);
  expect([queues.shift(0), queues.shift(0), queues.first(0)]).toEqual([3, 1, 4]);
  queues.push(0, 5);
  expect([queues.shift(0), queues.shift(0), queues.first(0)]).toEqual([4, 5, -1]);
  expect(() => queues.shift(0)).toThrow('queue 0 is empty');
  expect(queues.shift(1)).toBe(9);
});

test.each([
  ['exponential', exponential(3)],
  ['deterministic', deterministic(3)],
  ['lognormal', lognormal(3, 1.5)],
  ['mix', mix({ share: 0.05, long: 50, short: 0.2 })],
])('%s: drawn with the moments it states', (_, service) => {
  const next = random(5);
  const drawn = Array.from({ length: 400_000 }, () => service.draw(next));
  const moment = (power: number) => drawn.reduce((sum, one) => sum + one ** power, 0) / drawn.length;
  expect(moment(1) / service.mean).toBeCloseTo(1, 1.5);
  expect(Math.abs(moment(2) / service.secondMoment - 1)).toBeLessThan(0.05);
});

test('arrivals come at their rate, in order, with gaps as spread as a Poisson process has them', () => {
  const { at } = poissonWorkload({ rate: 500, service: deterministic(1), requests: 200_000, seed: 2 });
  const gaps = Array.from(at, (time, i) => time - (at[i - 1] ?? 0));
  expect(Math.min(...gaps.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
  const mean = gaps.reduce((a, b) => a + b) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  expect(Math.abs(mean / 2 - 1)).toBeLessThan(0.01);
  expect(Math.abs(Math.sqrt(variance) / mean - 1)).toBeLessThan(0.01);
});
