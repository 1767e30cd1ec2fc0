import { describe, expect, test } from 'vitest';
import {
  firstWorkers,
  parseBytes,
  parseDuration,
  parseScaleRange,
  parseSupervision,
} from '../dist/supervision-options.js';
import { refusal } from './helpers/thrown.ts';

test('all of it is off by default', () => {
  expect(parseSupervision({})).toEqual({
    maxMemory: 0,
    maxAge: 0,
    maxServed: 0,
    unresponsiveTimeout: 0,
    scale: undefined,
  });
});

describe('memory', () => {
  test.each([
    [0, 0],
    ['0', 0],
    [1e9, 1e9],
    ['1024', 1024],
    ['8K', 8192],
    ['512M', 536_870_912],
    ['2G', 2_147_483_648],
  ])('%o is %d bytes', (value, bytes) => {
    expect(parseBytes('maxMemory', value)).toBe(bytes);
  });

  test.each([
    -1,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    'M',
    '512MB',
    '1.5G',
    '512m',
    '1T',
    ' 1M',
    '99999999G',
  ])('%o is refused', (value) => {
    const { code, message, isUsage } = refusal(() => parseSupervision({ maxMemory: value }));
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(message).toBe(
      `maxMemory must be a whole number of bytes, or with K, M or G: '512M'; not '${value}'`,
    );
    expect(isUsage).toBe(true);
  });
});

describe('age', () => {
  test.each([
    [0, 0],
    [1500, 1500],
    ['1500', 1500],
    ['90s', 90_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('%o is %d ms', (value, milliseconds) => {
    expect(parseDuration('maxAge', value)).toBe(milliseconds);
  });

  test.each([-1, 0.5, '', 'h', '1.5h', '24 h', '1w', '24H', '1h30m'])('%o is refused', (value) => {
    const { code, message } = refusal(() => parseSupervision({ maxAge: value }));
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(message).toContain('maxAge must be a whole number of milliseconds, or with s, m, h or d');
  });
});

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('maxServed %d is refused', (maxServed) => {
  const { message } = refusal(() => parseSupervision({ maxServed }));
  expect(message).toBe(`maxServed must be a whole number, 0 or more, not '${maxServed}'`);
});

describe('unresponsiveTimeout', () => {
  test.each([0, 500, 30_000])('%d', (unresponsiveTimeout) => {
    expect(parseSupervision({ unresponsiveTimeout })).toMatchObject({ unresponsiveTimeout });
  });

  test.each([1, 499])('%d is refused', (unresponsiveTimeout) => {
    const { code, message } = refusal(() => parseSupervision({ unresponsiveTimeout }));
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(message).toContain('unresponsiveTimeout must be 0 or at least 500 ms');
  });

  test('-1 is refused', () => {
    expect(refusal(() => parseSupervision({ unresponsiveTimeout: -1 })).code).toBe('ERR_INVALID_OPTION');
  });
});

describe('scale', () => {
  test('2..8, with a target by default', () => {
    const scale = parseScaleRange('2..8');
    expect(parseSupervision({ scale }).scale).toEqual({ min: 2, max: 8, target: 0.7 });
    expect(parseSupervision({ scale: { ...scale, target: 0.5 } }).scale?.target).toBe(0.5);
  });

  test.each(['', '2', '2..', '..8', '2-8', '2...8', '2..8..9', '-1..2', 'a..b'])(
    "'%s' is refused",
    (value) => {
      const { code, message } = refusal(() => parseScaleRange(value));
      expect(code).toBe('ERR_INVALID_OPTION');
      expect(message).toBe(`scale must be the fewest and the most workers, '2..8', not '${value}'`);
    },
  );

  test.each([
    [{ min: 0, max: 2 }, /^scale must be from 1 or more up to no less, not from 0 to 2/],
    [{ min: 3, max: 2 }, /^scale must be from 1 or more up to no less, not from 3 to 2/],
    [{ min: 1, max: 257 }, /^scale.max must be a whole number from 0 to 256/],
    [{ min: 1, max: 2, target: 0 }, /^scale.target must be a share from 0.1 to 0.9, not '0'/],
    [{ min: 1, max: 2, target: 1 }, /^scale.target must be a share/],
    [{ min: 1, max: 2, target: Number.NaN }, /^scale.target must be a share/],
  ])('%j is refused', (scale, expected) => {
    const { code, message } = refusal(() => parseSupervision({ scale }));
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(message).toMatch(expected);
  });
});

describe('how many workers there are at first', () => {
  const limits = { min: 2, max: 4, target: 0.7 };

  test.each([
    ['auto', undefined, 12],
    [3, undefined, 3],
    ['auto', limits, 2],
    [3, limits, 3],
  ] as const)('workers %s, scale %j: %d', (workers, scale, expected) => {
    expect(firstWorkers(workers, scale, () => 12)).toBe(expected);
  });

  test.each([1, 5])('%d, out of the range, is refused', (workers) => {
    const { code, message } = refusal(() => firstWorkers(workers, limits, () => 12));
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(message).toContain(`workers is ${workers}, and scale from 2 to 4`);
  });
});
