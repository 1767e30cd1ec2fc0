import { describe, expect, test } from 'vitest';
import { longestGap, overlap } from './intervals.mjs';
import { parseTrace } from './trace.mjs';
import { judge } from './verdict.mjs';

const BOUNDS = { still: 250, kept: 1000, inHand: 1 };
const request = (facts: object) => ({
  start: 1000,
  first: 1010,
  end: 1011,
  port: 50_000,
  fate: 'ok',
  ...facts,
});
const RESET = { fate: 'reset', first: 0 };

/** `trace`: lines as the workers write them. */
function violations(records: object[], trace: string, facts: object = {}): string[] {
  const all = {
    records,
    stops: [],
    primaryBlocks: [],
    kills: [],
    late: [],
    starved: [],
    ...parseTrace(`L 0 7 1,2\nL 0 8 1,3\n${trace}`),
    ...facts,
  };
  return judge(all, BOUNDS).violations.map(({ what }: { what: string }) => what);
}

describe('an answered connection', () => {
  test('taken at once', () => {
    expect(violations([request({})], 'A 1001 7 50000 90')).toEqual([]);
  });

  test('nobody took it, or two', () => {
    expect(violations([request({})], 'A 999 7 50000 90')).toEqual(['taken 0 times']);
    expect(violations([request({})], 'A 1001 7 50000 90\nA 1002 8 50000 91')).toEqual(['taken 2 times']);
  });

  test('too long in the queue, unless the machine did not run its client meanwhile', () => {
    const slow = request({ first: 1310, end: 1311 });
    expect(violations([slow], 'A 1300 7 50000 90')).toEqual(['in the queue for']);
    expect(violations([slow], 'A 1300 7 50000 90', { late: [{ from: 1100, to: 1200 }] })).toEqual([]);
    const starved = (pid: number) => ({ starved: [{ pid, from: 1100, to: 1200 }] });
    expect(violations([slow], 'A 1300 7 50000 90', starved(7))).toEqual([]);
    expect(violations([slow], 'A 1300 7 50000 90', starved(8))).toEqual(['in the queue for']);
  });

  test("a long wait is none of the gate's while those before it are taken", () => {
    const crowd = Array.from({ length: 10 }, (_, i) =>
      request({ first: 1100 + 100 * i, end: 2000, port: 50_000 + i }),
    );
    const takes = crowd.map(({ port, first }) => `A ${first} 7 ${port} ${port}`).join('\n');
    expect(violations(crowd, takes)).toEqual([]);
  });

  test('a stopped worker had it, and could not say so', () => {
    const slow = request({ first: 3010, end: 3011 });
    const stop = { pid: 7, from: 1002, to: 3000, inside: [1, 2, 90] };
    expect(violations([slow], 'A 3001 7 50000 90', { stops: [stop] })).toEqual([]);
    const without = { ...stop, inside: [1, 2] };
    expect(violations([slow], 'A 3001 7 50000 90', { stops: [without] })).toEqual(['in the queue for']);
  });

  test('kept by its worker: only a stop or a block explains it', () => {
    const slow = request({ first: 3010, end: 3011 });
    expect(violations([slow], 'A 1001 7 50000 90')).toEqual(['kept by its worker for']);
    expect(violations([slow], 'A 1001 7 50000 90\nB 1005 7 1990\nE 2995 7')).toEqual([]);
    expect(violations([slow], 'A 1001 7 50000 90\nB 1005 8 1990\nE 2995 8')).toEqual([
      'kept by its worker for',
    ]);
  });
});

describe('a lost connection', () => {
  test('died with the worker that had it', () => {
    const killed = { kills: [{ pid: 7, at: 1009, inside: undefined }] };
    expect(violations([request(RESET)], 'A 1001 7 50000 90', killed)).toEqual([]);
    expect(violations([request(RESET)], 'A 1001 8 50000 90', killed)).toEqual(['lost after']);
  });

  test('refused, or without an answer for ever: nothing explains that', () => {
    const killed = { kills: [{ pid: 7, at: 1009, inside: undefined }] };
    expect(violations([request({ fate: 'hung' })], 'A 1001 7 50000 90', killed)).toEqual(['lost after']);
    expect(violations([request({ fate: 'refused' })], '', killed)).toEqual(['lost after']);
  });

  test('a worker killed while it ran may have had one in hand', () => {
    const killed = { kills: [{ pid: 7, at: 1009, inside: undefined }] };
    const two = [request(RESET), request({ ...RESET, port: 50_001 })];
    expect(violations(two.slice(1), '', killed)).toEqual([]);
    expect(violations(two, '', killed)).toEqual(['lost after']);
    expect(violations([request({ ...RESET, end: 2011 })], '', killed)).toEqual(['lost after']);
  });

  test('one killed while it was stopped had what was found in it', () => {
    const killed = (inside: number[]) => ({ kills: [{ pid: 7, at: 1009, inside }] });
    expect(violations([request(RESET)], 'A 900 7 50001 80', killed([1, 2, 80, 90]))).toEqual([]);
    expect(violations([request(RESET)], 'A 900 7 50001 80', killed([1, 2, 80]))).toEqual(['lost after']);
  });
});

test('intervals that overlap each other are counted once', () => {
  const intervals = [
    { from: 0, to: 10 },
    { from: 5, to: 20 },
    { from: 30, to: Number.POSITIVE_INFINITY },
  ];
  expect(overlap(intervals, 2, 40)).toBe(28);
  expect(overlap([], 2, 40)).toBe(0);
});

test('the longest gap: what came later and was taken first does not count', () => {
  const takes = [
    { at: 5, start: 1 },
    { at: 8, start: 7 },
    { at: 14, start: 2 },
  ];
  expect(longestGap(takes, 3, 20)).toEqual({ from: 5, to: 14 });
  expect(longestGap(takes, 15, 20)).toEqual({ from: 15, to: 20 });
});
