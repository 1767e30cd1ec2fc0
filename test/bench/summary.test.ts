import { expect, test } from 'vitest';
import { median } from '../../bench/lib/statistics.mjs';
import { distributions, over, quantiles, summarize } from '../../bench/lib/summary.mjs';
import { figure, summaryTable } from '../../bench/lib/table.mjs';
import { column } from './reports.ts';

const P99 = column('p99');
const fates = (more: object) => ({
  ok: 10,
  refused: 0,
  reset: 0,
  timeout: 0,
  empty: 0,
  hung: 0,
  other: 0,
  ...more,
});

test('the median of the rounds, with its spread and every round', () => {
  const { columns, rows } = summarize({ a: [{ p99: 3 }, { p99: 1 }, { p99: 2 }] }, [P99]);
  expect(columns).toEqual([P99]);
  expect(rows).toEqual([
    { id: 'a', values: { p99: { median: 2, low: 1, high: 3, rounds: [3, 1, 2] } }, failures: {} },
  ]);
});

test('a ratio is that of each round to the same round of the other', () => {
  // Both took ten times as long in the second round: nothing of that is left.
  const results = { a: [{ p99: 2 }, { p99: 20 }], b: [{ p99: 1 }, { p99: 10 }] };
  const { columns, rows } = summarize(results, [over(P99, 'b')]);
  expect(columns).toEqual([{ ...P99, key: 'p99÷b', label: 'p99 ÷ b', unit: '', digits: 2, base: 'b' }]);
  expect(rows[0]?.values).toEqual({ 'p99÷b': { median: 2, low: 2, high: 2, rounds: [2, 2] } });
});

test('the base took no part: no such column', () => {
  const { columns, rows } = summarize({ a: [{ p99: 2 }] }, [P99, over(P99, 'b')]);
  expect(columns).toEqual([P99]);
  expect(Object.keys(rows[0]?.values ?? {})).toEqual(['p99']);
});

test('a figure that a round lacks is no figure, and no median of the rest', () => {
  const { rows } = summarize({ a: [{ p99: 2 }, { p99: Number.NaN }], b: [{}], c: [] }, [P99, over(P99, 'a')]);
  expect(rows.map(({ values }) => values)).toEqual([{}, {}, {}]);
});

test('failures are added up by kind, over the rounds', () => {
  const rounds = [{ fates: fates({ reset: 1 }) }, { fates: fates({ reset: 2, hung: 1 }) }];
  const { rows } = summarize({ a: rounds, b: [{ fates: fates({}) }] }, []);
  expect(rows.map(({ failures }) => failures)).toEqual([{ reset: 3, hung: 1 }, {}]);
});

test('quantiles: nearest rank, least and most at the ends', () => {
  const of = new Map(quantiles(Array.from({ length: 1000 }, (_, i) => 1000 - i)) as [number, number][]);
  expect([0, 0.5, 0.99, 0.999, 1].map((share) => of.get(share))).toEqual([1, 500, 990, 999, 1000]);
  expect(quantiles([])).toEqual([]);
});

test('the distribution of the middle round, quantile by quantile', () => {
  const rounds = [
    [1, 2],
    [3, 4],
    [50, 60],
  ].map((values) => ({ quantiles: quantiles(values) }));
  const { a, ...others } = distributions({ a: rounds, b: [{}], c: [{ quantiles: [] }] });
  expect(others).toEqual({});
  expect([a?.at(0), a?.at(-1)]).toEqual([
    [0, 3],
    [1, 4],
  ]);
});

test('the median of two rounds is neither the better one nor the worse', () => {
  expect([[], [5], [9, 1], [3, 1, 2], [4, 1, 8, 2]].map(median)).toEqual([Number.NaN, 5, 5, 2, 3]);
});

test('the table: a spread where there is one, failures, and whether to believe it', () => {
  const results = {
    measured: [
      { p99: 1, othersCpus: 0.1, lateP99: 2, fates: fates({ reset: 2 }) },
      { p99: 2, othersCpus: 0.4, lateP99: 1, fates: fates({ hung: 1 }) },
    ],
    ideal: [{ p99: 0.5 }],
  };
  const lines = summaryTable(summarize(results, [P99]), results)
    .split('\n')
    .map((line) => line.trim().split(/\s{2,}/));
  expect(lines).toEqual([
    ['p99, ms', 'failures', 'sent late p99', "others' CPUs"],
    ['measured', '1.5 (1.0 to 2.0)', '2 reset, 1 hung', '2.0', '0.4'],
    ['ideal', '0.5', 'none', '-', '-'],
  ]);
  expect(figure(undefined)).toBe('-');
});

test('a heading keeps every character, and breaks at spaces and slashes', () => {
  const head = (label: string, unit: string) =>
    summaryTable(summarize({ a: [{ p99: 1 }] }, [{ ...P99, label, unit }]), { a: [{ p99: 1 }] })
      .split('\n')
      .map((line) => line.replace(/failures|^a .*/, '').trim())
      .filter(Boolean);
  expect(head('requests', '/s')).toEqual(['requests, /s']);
  expect(head('latency ÷ cluster/round-robin', '')).toEqual(['latency ÷', 'cluster/', 'round-robin']);
});

test('a table wider than the terminal: spreads and kinds go below', () => {
  const rounds = [1, 2].map((p99) => ({ p99, fates: fates({ reset: 1, hung: 1 }) }));
  const all = { someone: rounds };
  const long = { ...P99, label: 'the ninety-ninth percentile' };
  const lines = (width?: number) => summaryTable(summarize(all, [long]), all, width).split('\n');
  expect(lines().map((line) => line.trim())).toEqual([
    expect.stringMatching(/^the ninety-ninth +failures$/),
    'percentile, ms',
    expect.stringMatching(/^someone +1.5 \(1.0 to 2.0\) +2 reset, 2 hung$/),
  ]);
  const narrow = lines(40);
  expect(narrow.slice(2).map((line) => line.trim().split(/\s{2,}/))).toEqual([
    ['someone', '1.5', '2 reset,'],
    ['(1.0 to 2.0)', '2 hung'],
  ]);
  for (const line of narrow) expect(line.length).toBeLessThanOrEqual(40);
});
