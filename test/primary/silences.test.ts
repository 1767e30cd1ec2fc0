import { describe, expect, test } from 'vitest';
import { Silences } from '../../dist/primary/silences.js';

const TIMEOUT = 1000;

/** Looks at each of the times, of a worker whose stamp then is what `stampAt` says; who was silent when. */
function lookAt(times: number[], stampAt: (time: number) => bigint): [time: number, silence: number][] {
  const silences = new Silences<string>(TIMEOUT);
  return times.flatMap((time) => {
    const silence = silences.look(time, [['worker', stampAt(time)]]).get('worker');
    return silence === undefined ? [] : [[time, silence] as [number, number]];
  });
}

const every = (interval: number, until: number): number[] =>
  Array.from({ length: until / interval + 1 }, (_, i) => i * interval);

test('whose stamp stands still for the timeout is silent, and since when that was first seen', () => {
  expect(lookAt(every(250, 2000), (time) => BigInt(Math.min(time, 500)))).toEqual([
    [1500, 1000],
    [1750, 1250],
    [2000, 1500],
  ]);
});

test('whose stamp moves is not, however slowly', () => {
  expect(lookAt(every(250, 10_000), (time) => BigInt(Math.floor(time / 750)))).toEqual([]);
});

test('an old stamp is no silence: its loop has slept, and was not asked to turn before', () => {
  expect(lookAt([0, 250, 500, 750], () => 1n)).toEqual([]);
});

test('a stamp that goes back has moved, too', () => {
  expect(lookAt(every(250, 3000), (time) => (time % 500 === 0 ? 2n : 1n))).toEqual([]);
});

describe('who looks late', () => {
  test('by more than half of the timeout: has been stopped, and begins anew', () => {
    const times = [0, 250, 500, 1251, 1500, 1750, 2000, 2250];
    expect(lookAt(times, () => 1n)).toEqual([]);
    expect(lookAt([...times, 2300], () => 1n)).toEqual([[2300, 1049]]);
  });

  test('by less: goes on', () => {
    expect(lookAt([0, 250, 500, 1250], () => 1n)).toEqual([[1250, 1250]]);
  });
});

test('each worker by itself; who is not asked about any more is forgotten', () => {
  const silences = new Silences<string>(TIMEOUT);
  const look = (now: number, ...names: string[]) => [
    ...silences
      .look(
        now,
        names.map((name) => [name, 1n] as const),
      )
      .keys(),
  ];
  look(0, 'a');
  look(250, 'a', 'b');
  look(500, 'a', 'b');
  look(750, 'b');
  expect(look(1000, 'a', 'b')).toEqual([]);
  expect(look(1250, 'a', 'b')).toEqual(['b']);
});

test.each([
  [500, 125],
  [1000, 250],
  [60_000, 5000],
])('a timeout of %d ms: a look every %d ms', (timeout, interval) => {
  expect(new Silences(timeout).interval).toBe(interval);
});
