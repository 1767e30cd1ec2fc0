import { describe, expect, test } from 'vitest';
import { bytes, count, cut, duration, milliseconds, percent, plain, table } from '../../dist/cli/format.js';

describe('figures', () => {
  test.each([
    [0, '0'],
    [99_999, '99999'],
    [100_000, '100k'],
    [999_499, '999k'],
    [999_500, '1.0M'],
    [9_949_000, '9.9M'],
    [12_345_678, '12M'],
    [4_294_967_295, '4.3G'],
  ])('%d connections: %s', (value, text) => expect(count(value)).toBe(text));

  test.each([
    [0, '0M'],
    [85 * 1024 ** 2, '85M'],
    [1023 * 1024 ** 2, '1023M'],
    [1024 ** 3, '1.0G'],
    [20 * 1024 ** 3, '20G'],
  ])('%d bytes: %s', (value, text) => expect(bytes(value)).toBe(text));

  test.each([
    [0, '0s'],
    [59_999, '59s'],
    [60_000, '1m00s'],
    [3_599_000, '59m59s'],
    [7_380_000, '2h03m'],
    [86_400_000, '1d00h'],
    [100 * 86_400_000, '100d'],
  ])('%d ms: %s', (value, text) => expect(duration(value)).toBe(text));

  test.each([
    [0, '0.0'],
    [9.94, '9.9'],
    [9.96, '10'],
    [12_345, '12345'],
  ])('%d ms of delay: %s', (value, text) => expect(milliseconds(value)).toBe(text));

  test('a part of a CPU', () =>
    expect([0, 0.126, 1, 2.5].map(percent)).toEqual(['0%', '13%', '100%', '250%']));
});

test('what would act on a terminal is taken out', () => {
  expect(plain('a\x1b[2J\r\nb\x9bc\x7f')).toBe('a [2J b c ');
});

test('what is too long is cut, and that shows', () => {
  expect(['abc', 'abcd', ''].map((text) => cut(text, 3))).toEqual(['abc', 'ab…', '']);
  expect([cut('abc', 1), cut('abc', 0)]).toEqual(['…', '']);
});

test('columns are as wide as their widest cell, figures to the right', () => {
  const rows = [
    { name: 'a', value: 1 },
    { name: 'long', value: 1000 },
  ];
  expect(
    table(
      [
        { title: 'name', align: 'left', cell: ({ name }) => name },
        { title: 'value', cell: ({ value }) => String(value) },
      ],
      rows,
    ),
  ).toEqual(['name  value', 'a         1', 'long   1000']);
});
