import { describe, expect, test } from 'vitest';
import { excessOf, ownLimits, pauseAfter } from '../../dist/primary/recycling.js';

const OFF = { maxMemory: 0, maxAge: 0, maxServed: 0 };
const LIMITS = { maxMemory: 1000, maxAge: 2000, maxServed: 100 };

describe("a worker's own limits", () => {
  test('age and connections up to a tenth earlier, memory as it was given', () => {
    expect(ownLimits(LIMITS, 0)).toEqual(LIMITS);
    expect(ownLimits(LIMITS, 0.5)).toEqual({ maxMemory: 1000, maxAge: 1900, maxServed: 95 });
    expect(ownLimits(LIMITS, 1)).toEqual({ maxMemory: 1000, maxAge: 1800, maxServed: 90 });
  });

  test('what is off stays off, and what is on stays on', () => {
    for (const random of [0, 0.5, 1]) {
      expect(ownLimits(OFF, random)).toEqual(OFF);
      expect(ownLimits({ maxMemory: 1, maxAge: 1, maxServed: 1 }, random)).toEqual({
        maxMemory: 1,
        maxAge: 1,
        maxServed: 1,
      });
    }
  });
});

describe('what is exceeded', () => {
  const reached = { maxMemory: 0, maxAge: 0, maxServed: 0 };

  test.each(['maxMemory', 'maxAge', 'maxServed'] as const)('%s', (limit) => {
    const at = (value: number) => excessOf(LIMITS, { ...reached, [limit]: value });
    const bound = LIMITS[limit];
    expect(at(bound)).toBeUndefined();
    expect(at(bound + 1)).toEqual({ limit, value: bound + 1, bound });
  });

  test('nothing, where all is off', () => {
    expect(excessOf(OFF, { maxMemory: 1e12, maxAge: 1e12, maxServed: 1e12 })).toBeUndefined();
  });

  test('of two the one by more', () => {
    expect(excessOf(LIMITS, { maxMemory: 1500, maxAge: 4000, maxServed: 0 })?.limit).toBe('maxAge');
    expect(excessOf(LIMITS, { maxMemory: 2500, maxAge: 4000, maxServed: 0 })?.limit).toBe('maxMemory');
  });
});

describe('the pause after a replacement', () => {
  test('none where it helped', () => {
    expect(pauseAfter(0, 1)).toBe(0);
  });

  test('at least a minute where not, doubling up to 16', () => {
    expect([1, 2, 3, 4, 5, 6, 1000].map((setbacks) => pauseAfter(setbacks, 0) / 60_000)).toEqual([
      1, 2, 4, 8, 16, 16, 16,
    ]);
  });

  test('and up to half as much again by jitter', () => {
    expect(pauseAfter(1, 0.5)).toBe(75_000);
    expect(pauseAfter(1, 1)).toBe(90_000);
  });
});
