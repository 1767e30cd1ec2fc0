import { expect, test } from 'vitest';
import { answers, lead, lost } from '../../bench/report/answer.mjs';
import { best, number, parted } from '../../bench/report/numbers.mjs';
import { figure } from './report-fixture.mjs';

const COST = { key: 'microseconds', label: 'CPU', unit: 'µs', digits: 1, better: 'lower' };

function row(id: string, rounds: number[], failures = {}) {
  return { id, values: { microseconds: figure(rounds) }, failures };
}

function about(...rows: object[]) {
  return lead('cpu', { columns: [COST], rows }, 'microseconds', 'Least')?.text;
}

test('one is apart from all others: they are named, with their spread, and how far the next is', () => {
  const text = about(row('slow', [190, 200, 210]), row('quick', [70, 80, 90]));
  expect(text).toBe(
    'quick with 80.0 µs (70.0 to 90.0). Next came slow with 200.0 µs (190.0 to 210.0), 2.50 times that.',
  );
});

test('several are apart from the rest: they lead together', () => {
  const text = about(row('a', [70, 80]), row('b', [75, 85]), row('c', [190, 200]), row('d', [195, 300]));
  expect(text).toBe(
    'a and b with 70.0 to 75.0 µs. Next came c with 190.0 µs (190.0 to 200.0), 2.53 times that.',
  );
});

test('most are too near each other: who is behind them is said', () => {
  const near = ['a', 'b', 'c', 'd', 'e'].map((id) => row(id, [70, 80]));
  expect(about(...near, row('slow', [190, 200]))).toBe(
    '5 contestants are too near each other to tell, 70.0 µs. Behind them: slow with 190.0 µs (190.0 to 200.0).',
  );
});

test('spreads overlap, or meet: nothing is said', () => {
  expect(about(row('a', [70, 80]), row('b', [80, 90]))).toBeUndefined();
  // a and c are apart, but b reaches both
  expect(about(row('a', [70, 80]), row('b', [78, 95]), row('c', [90, 99]))).toBeUndefined();
});

test('one round says nothing of the spread, one contestant nothing of others', () => {
  expect(about(row('a', [70]), row('b', [200]))).toBeUndefined();
  expect(about(row('a', [70, 71]))).toBeUndefined();
});

test('one process is nobody’s choice, and a missing figure nobody’s best', () => {
  const missing = {
    id: 'none',
    values: { microseconds: { median: null, low: null, high: null, rounds: [] } },
  };
  const rows = [row('one-process', [1, 2]), missing, row('a', [70, 80]), row('b', [90, 100])];
  expect(about(...rows)).toMatch(/^a with .* Next came b /);
});

test('more is better where the column says so', () => {
  const rate = { ...COST, better: 'higher' };
  expect(parted([row('a', [1, 2]), row('b', [8, 9])], rate)?.front.map(({ id }) => id)).toEqual(['b']);
  expect(best([row('a', [1, 2]), row('b', [8, 9]), row('c', [7, 8])], rate).map(({ id }) => id)).toEqual([
    'b',
    'c',
  ]);
});

test('a scenario nobody asked a question about is asked for its first figure', () => {
  const column = { ...COST, label: 'Start', key: 'microseconds' };
  const summary = { columns: [column], rows: [row('a', [1, 2]), row('b', [8, 9])] };
  const [answer] = answers({ scenarios: { startup: { summary } } });
  expect(answer?.about).toBe('Start, lowest in startup');
});

const beyond = (id: string, count: number) => ({
  id,
  values: { beyond: figure([count, count]) },
  failures: { ok: 900, reset: 30 },
});

test('lost: who and how many, who lost none, and where nobody did', () => {
  const rows = [row('a', [1], { reset: 2, hung: 1 }), row('b', [1], { reset: 0 })];
  const clean = [row('a', [1], { ok: 10, reset: 0 })];
  const uncounted = [row('a', [1])];
  const scenarios = {
    stall: { summary: { columns: [], rows } },
    skew: { summary: { columns: [], rows: clean } },
    cpu: { summary: { columns: [], rows: uncounted } },
  };
  expect(lost(scenarios).map(({ text }: { text: string }) => text)).toEqual([
    'in stall: a 3. The others lost none.',
    'nobody lost any in skew.',
  ]);
});

test('lost: what died inside a killed worker does not count', () => {
  const columns = [{ key: 'beyond', label: 'beyond', digits: 0, better: 'lower' }];
  const rows = [beyond('a', 0), beyond('b', 7)];
  expect(lost({ kill: { summary: { columns, rows } } }).map(({ text }: { text: string }) => text)).toEqual([
    'in kill, beyond those inside a killed worker: b 14. The others lost none.',
  ]);
});

test('figures: of any size, none is a row of zeros', () => {
  expect([number(1234.56, 1), number(0.000031, 1), number(0.0123, 1), number(0, 1)]).toEqual([
    '1,234.6',
    '3.1e-5',
    '0.012',
    '0.0',
  ]);
  expect([number(4.7e13, 0), number(Number.NaN), number(-2.5, 1)]).toEqual(['4.70e13', '–', '-2.5']);
});
