import { describe, expect, test } from 'vitest';
import { approach } from '../../dist/agent-check/headroom.js';

/** Steps of a second, each with the same measurement. */
function settle(steps: number, from: number, measured: number): number {
  let headroom = from;
  for (let i = 0; i < steps; i++) headroom = approach(headroom, measured, 1);
  return headroom;
}

describe('a constant measurement', () => {
  test.each([
    [1, 0.2],
    [0.1, 0.9],
    [0.01, 1],
    [1, 0.01],
    [0.5, 0.5],
  ])('from %d it comes to %d, from one side', (from, to) => {
    let headroom = from;
    for (let i = 0; i < 1000; i++) {
      const next = approach(headroom, to, 1);
      expect(Math.sign(next - headroom) * Math.sign(to - from)).toBeGreaterThanOrEqual(0);
      expect(next).toBeGreaterThanOrEqual(Math.min(from, to) - 1e-9);
      expect(next).toBeLessThanOrEqual(Math.max(from, to) + 1e-9);
      headroom = next;
    }
    expect(headroom).toBeCloseTo(to, 2);
  });

  test('half of it is lost in 2 seconds of overload, nine tenths in 18', () => {
    expect(settle(2, 1, 0)).toBeCloseTo(0.5, 5);
    expect(settle(18, 1, 0)).toBeCloseTo(0.1, 5);
    expect(settle(1000, 1, 0)).toBe(0.01);
  });

  test('and comes back from nothing to half in about 9', () => {
    expect(settle(8, 0.01, 1)).toBeLessThan(0.5);
    expect(settle(10, 0.01, 1)).toBeGreaterThan(0.5);
  });

  test('two steps of half a second are one of a second; a longer one is not larger', () => {
    const two = approach(approach(0.8, 0.3, 0.5), 0.3, 0.5);
    expect(two).toBeCloseTo(approach(0.8, 0.3, 1), 10);
    expect(approach(0.8, 0.3, 60)).toBe(approach(0.8, 0.3, 1));
    expect(approach(0.8, 0.3, 0)).toBe(0.8);
  });
});

interface Simulated {
  /** In connections a second, what each fleet can serve. */
  capacities: readonly number[];
  /** Of all of these together, offered. */
  offered: number;
  /** Of each, what it has to do anyway. */
  background?: readonly number[];
  /** How much of a change of weights is seen after a second: less than 1 where requests take seconds. */
  follows?: number;
  step?: (headroom: number, measured: number) => number;
}

/** Fleets behind HAProxy, which spreads new connections by whole weights, and asks each of them once a second. Each
 * measures what came of the weights that were there until then. Returns the weights after each second. */
function simulate(
  { capacities, offered, background = [], follows = 1, step }: Simulated,
  seconds = 300,
): number[][] {
  const headrooms = capacities.map((_, i) => (i === 0 ? 1 : 0.3)); // far from where it should be
  const weights = capacities.map(() => 100);
  const served = capacities.map(() => 0);
  const total = capacities.reduce((sum, one) => sum + one, 0);
  const history: number[][] = [];
  for (let second = 0; second < seconds; second++) {
    const sum = weights.reduce((all, one) => all + one, 0);
    const shares = weights.map((weight) => weight / sum);
    capacities.forEach((capacity, i) => {
      const given = (offered * total * (shares[i] as number)) / capacity;
      served[i] = (served[i] as number) + follows * (given - (served[i] as number));
      const measured = 1 - Math.min(1, (served[i] as number) + (background[i] ?? 0));
      const before = headrooms[i] as number;
      headrooms[i] = step === undefined ? approach(before, measured, 1) : step(before, measured);
      weights[i] = Math.max(1, Math.round(100 * (headrooms[i] as number)));
    });
    history.push([...weights]);
  }
  return history;
}

/** By how much a weight still changes at the end, in points. */
function swing(history: number[][]): number {
  const end = history.slice(-100);
  const widths = (end[0] as number[]).map((_, i) => {
    const values = end.map((weights) => weights[i] as number);
    return Math.max(...values) - Math.min(...values);
  });
  return Math.max(...widths);
}

/** How often a weight turned round, by 2 points or more. */
function turns(history: number[][]): number {
  let count = 0;
  for (let i = 0; i < 3; i++) {
    let extreme = history[0]?.[i] as number;
    let direction = 0;
    for (const weights of history) {
      const weight = weights[i] as number;
      if (direction !== 0 && Math.sign(weight - extreme) === direction) extreme = weight;
      else if (Math.abs(weight - extreme) >= 2) {
        if (direction !== 0) count++;
        direction = Math.sign(weight - extreme);
        extreme = weight;
      }
    }
  }
  return count;
}

describe('three fleets, and the loop of weight, load and weight', () => {
  const equal = [1000, 1000, 1000];
  const unequal = [1000, 500, 250];

  test.each([
    ['equal', equal, 0.3],
    ['equal', equal, 0.6],
    ['equal', equal, 0.8],
    ['equal', equal, 0.9],
    ['equal', equal, 0.95],
    ['unequal', unequal, 0.3],
    ['unequal', unequal, 0.6],
    ['unequal', unequal, 0.8],
    ['unequal', unequal, 0.9],
    ['unequal', unequal, 0.95],
  ])('%s ones, of %j, at a load of %d: weights come to rest', (_name, capacities, offered) => {
    const history = simulate({ capacities, offered });
    expect(swing(history)).toBeLessThanOrEqual(1);
    expect(turns(history)).toBeLessThanOrEqual(3); // each at most once, from where they were put
  });

  test.each([0.3, 0.6, 0.9, 0.95])('and at %d where requests take seconds, so that load lags', (offered) => {
    expect(swing(simulate({ capacities: unequal, offered, follows: 0.4 }))).toBeLessThanOrEqual(1);
  });

  test('equal ones get equal weights: what none of them has to do', () => {
    for (const weight of simulate({ capacities: equal, offered: 0.6 }).at(-1) as number[]) {
      expect(Math.abs(weight - 40)).toBeLessThanOrEqual(1);
    }
  });

  test('a fleet that can do more gets more', () => {
    const [most, medium, least] = simulate({ capacities: unequal, offered: 0.6 }).at(-1) as number[];
    expect(most).toBeGreaterThan(1.1 * (medium as number));
    expect(medium).toBeGreaterThan(1.1 * (least as number));
  });

  test('one that has no time left gets nearly nothing, and the others share it', () => {
    const [first, second, busy] = simulate({
      capacities: equal,
      offered: 0.3,
      background: [0, 0, 1],
    }).at(-1) as number[];
    expect(busy).toBeLessThanOrEqual(2);
    expect(Math.abs((first as number) - (second as number))).toBeLessThanOrEqual(1);
    expect(first).toBeGreaterThan(50);
  });

  test('when all have more than they can do all weigh the same', () => {
    expect(simulate({ capacities: unequal, offered: 4 }, 1000).at(-1)).toEqual([1, 1, 1]);
  });

  test('an average of a fixed pace would swing for ever: this simulation sees it', () => {
    const pace = 1 - Math.exp(-1 / 2);
    const step = (headroom: number, measured: number): number => headroom + pace * (measured - headroom);
    expect(swing(simulate({ capacities: equal, offered: 0.6, step }))).toBeLessThanOrEqual(1);
    expect(swing(simulate({ capacities: equal, offered: 0.9, step }))).toBeGreaterThan(5);
  });
});
