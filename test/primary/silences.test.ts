import { describe, expect, test } from 'vitest';
import { Silences } from '../../dist/primary/silences.js';

const TIMEOUT = 1000;
const ASLEEP = { state: 'S', cpu: 0 };

/** Looks at each of the times, of a worker whose stamp then is what `stampAt` says; when it was silent, and for how
 * long its stamp had stood still. */
function lookAt(
  times: number[],
  stampAt: (time: number) => bigint,
  threadAt: (time: number) => { state: string; cpu: number } | undefined = () => ASLEEP,
): [time: number, duration: number][] {
  const silences = new Silences<string>(TIMEOUT);
  return times.flatMap((time) => {
    const sign = { stamp: stampAt(time), thread: threadAt(time) };
    const duration = silences.look(time, [['worker', sign]]).get('worker');
    return duration === undefined ? [] : [[time, duration] as [number, number]];
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

describe('on a busy machine', () => {
  const still = () => 1n;

  test('who runs all the time is silent as soon as without', () => {
    expect(lookAt(every(250, 1000), still, (time) => ({ state: 'R', cpu: time }))).toEqual([[1000, 1000]]);
  });

  test('who gets a quarter of a processor has four times as long', () => {
    const [first] = lookAt(every(250, 5000), still, (time) => ({ state: 'R', cpu: time / 4 }));
    expect(first).toEqual([4000, 4000]);
  });

  test('who gets none is not silent: it waits', () => {
    expect(lookAt(every(250, 20_000), still, () => ({ state: 'R', cpu: 40 }))).toEqual([]);
  });

  test('who runs on several processors at once is silent no sooner', () => {
    const [first] = lookAt(every(250, 5000), still, (time) => ({ state: 'R', cpu: 3 * time }));
    expect(first).toEqual([1000, 1000]);
  });

  test.each(['S', 'D', 'T', 't'])('state %s is no waiting for a processor', (state) => {
    expect(lookAt(every(250, 1000), still, () => ({ state, cpu: 0 }))).toEqual([[1000, 1000]]);
  });

  test('where nothing is known of threads, all time counts', () => {
    expect(lookAt(every(250, 1000), still, () => undefined)).toEqual([[1000, 1000]]);
  });
});

test('each worker by itself; who is not asked about any more is forgotten', () => {
  const silences = new Silences<string>(TIMEOUT);
  const sign = { stamp: 1n, thread: ASLEEP };
  const look = (now: number, ...names: string[]) => [
    ...silences
      .look(
        now,
        names.map((name) => [name, sign] as const),
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
