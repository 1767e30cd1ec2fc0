import { describe, expect, test } from 'vitest';
import { decide, FRESH, type ScaleState, wantedFor } from '../../dist/primary/scaling.js';

const LIMITS = { min: 1, max: 16, target: 0.7 };
const INTERVAL = 5000;

describe('how many are wanted', () => {
  const wanted = (workers: number, load: number, limits = LIMITS) =>
    wantedFor({ now: 0, workers, load }, limits);

  test.each([
    [1, 0, 1],
    [1, 0.7, 1],
    [1, 0.76, 1],
    [1, 0.78, 2],
    [2, 0.78, 2], // as many as with one: it does not swing
    [1, 1, 2],
    [2, 1.4, 2],
    [4, 2.1, 3], // not 4, though 2.1 / 0.7 is a little more than 3 in binary
    [4, 4, 6],
    [16, 16, 16],
    [8, 0.1, 1],
  ])('%d workers with a load of %d: %d', (workers, load, expected) => {
    expect(wanted(workers, load)).toBe(expected);
  });

  test('within bounds, whatever the load', () => {
    const limits = { min: 3, max: 5, target: 0.5 };
    for (let load = 0; load <= 8; load += 0.1) {
      expect(wanted(4, load, limits)).toBeGreaterThanOrEqual(3);
      expect(wanted(4, load, limits)).toBeLessThanOrEqual(5);
    }
  });
});

/** Runs a fleet whose work, in workers that are busy all the time, is `workAt` of the seconds: no worker can be busier
 * than all the time. How many workers there were, every 5 s. */
function run(workAt: (seconds: number) => number, seconds: number, workers = 1, limits = LIMITS): number[] {
  let state: ScaleState = FRESH;
  const trace: number[] = [];
  for (let now = 0; now <= seconds * 1000; now += INTERVAL) {
    const load = Math.min(workers, workAt(now / 1000));
    state = decide(state, { now, workers, load }, limits);
    workers = state.decided;
    trace.push(workers);
  }
  return trace;
}

const changes = (trace: number[]): number => trace.filter((one, i) => i > 0 && one !== trace[i - 1]).length;

describe('over time', () => {
  test.each([0.1, 0.69, 0.71, 1.3, 1.41, 2.05, 3.5, 6.99, 9])(
    'a steady load of %d: it comes to rest within 30 s, with enough workers',
    (work) => {
      const trace = run(() => work, 600);
      const last = trace.at(-1) as number;
      expect(new Set(trace.slice(6))).toEqual(new Set([last]));
      expect(work / last).toBeLessThanOrEqual(0.77 + 1e-9);
      if (last > 1) expect(work / (last - 1)).toBeGreaterThan(0.7);
    },
  );

  test('more are there at once, at most twice as many', () => {
    const trace = run((seconds) => (seconds < 60 ? 0.5 : 100), 120);
    expect(trace.slice(11, 17)).toEqual([1, 2, 3, 5, 8, 12]);
    expect(trace.at(-1)).toBe(16);
    expect(run(() => 100, 0, 2, { ...LIMITS, target: 0.1 })).toEqual([4]);
  });

  test('fewer one by one, and only after a minute', () => {
    const trace = run((seconds) => (seconds < 60 ? 5.6 : 0.1), 200, 8);
    const left = trace.findIndex((workers) => workers < 8);
    expect(left * INTERVAL).toBeGreaterThanOrEqual(60_000 + 60_000 - INTERVAL);
    expect(trace.slice(left, left + 8)).toEqual([7, 6, 5, 4, 3, 2, 1, 1]);
  });

  test('a load that comes and goes twice a minute changes nothing', () => {
    const trace = run((seconds) => (seconds % 30 < 10 ? 2.7 : 0.3), 600);
    expect(changes(trace.slice(6))).toBe(0);
    expect(trace.at(-1)).toBe(4);
  });

  test.each([1, 2, 3, 4, 5])('noise of a fifth around a load does not make it swing, seed %d', (seed) => {
    let noise = seed;
    const random = (): number => {
      noise = (noise * 16_807) % 2_147_483_647;
      return noise / 2_147_483_647;
    };
    const trace = run(() => 3 * (0.8 + 0.4 * random()), 3600, 5);
    expect(Math.max(...trace) - Math.min(...trace)).toBeLessThanOrEqual(2);
    expect(changes(trace)).toBeLessThanOrEqual(20);
  });

  test('within its bounds all the time', () => {
    const limits = { min: 2, max: 6, target: 0.5 };
    const trace = run((seconds) => (seconds < 100 ? 50 : 0), 600, 2, limits);
    expect(Math.max(...trace)).toBe(6);
    expect(trace.at(-1)).toBe(2);
    expect(Math.min(...trace)).toBe(2);
  });
});

test('what somebody else made more is kept for a minute', () => {
  let state: ScaleState = FRESH;
  for (let now = 0; now < 120_000; now += INTERVAL)
    state = decide(state, { now, workers: 1, load: 0.1 }, LIMITS);
  const by: number[] = [];
  for (let now = 120_000, workers = 4; now <= 200_000; now += INTERVAL) {
    state = decide(state, { now, workers, load: 0.1 }, LIMITS);
    workers = state.decided;
    by.push(workers);
  }
  expect(by.slice(0, 12)).toEqual(Array(12).fill(4));
  expect(by.slice(12, 16)).toEqual([3, 2, 1, 1]);
});

test('more or fewer than its bounds, by somebody else: back into them', () => {
  expect(decide(FRESH, { now: 0, workers: 1, load: 0 }, { min: 2, max: 4, target: 0.7 }).decided).toBe(2);
});
