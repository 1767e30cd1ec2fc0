import { expect, test } from 'vitest';
import { picture, status } from '../../bench/lib/board.mjs';
import { column, summary, value } from './reports.ts';

const WIDE = { columns: 100, rows: 30 };

function stage(name: string, more: object) {
  return { name, ids: ['a', 'b'], rounds: 3, expected: 10, state: 'waiting', measured: {}, ...more };
}

const done = {
  state: 'done',
  began: 0,
  took: 10,
  summary: summary([column('p99')], { a: { p99: value(1.26) } }),
};
const running = { state: 'running', began: 10_000, measured: { a: 1 } };

test('medians where it is done, rounds where it runs, nothing where it waits', () => {
  const run = {
    ids: ['a', 'b', 'c'],
    stages: [stage('cpu', done), stage('skew', running), stage('stall', {})],
    doing: 'round 1 of 3: b',
  };
  const rows = picture(run, WIDE, 12_000).map((line: string) => line.trim().split(/\s{2,}/));
  expect(rows).toEqual([
    ['cpu', 'skew', 'stall'],
    ['ms'],
    ['a', '1.3', '1/3'],
    ['b', '-', '0/3'],
    ['c', '-', '-', '-'],
    [''],
    [expect.stringMatching(/^0:12 gone, about 0:18 left · skew \(2 of 3\) · round 1 of 3: b$/)],
  ]);
});

test('a scenario that failed says so', () => {
  const run = { ids: ['a'], stages: [stage('cpu', { state: 'failed', began: 0 })] };
  expect(picture(run, WIDE, 0)[2]).toMatch(/^a +failed$/);
});

test('what does not fit is not shown, but always the one under way, and never a line too long', () => {
  const stages = ['one', 'two', 'three', 'four'].map((name) => stage(name, done));
  stages[3] = stage('four', running);
  const lines = picture({ ids: ['a', 'b'], stages }, { columns: 40, rows: 5 }, 12_000);
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line.length).toBeLessThan(40);
  const [head] = picture({ ids: ['a', 'b'], stages }, { columns: 40, rows: 30 }, 12_000);
  expect(head?.trim().split(/\s+/)).toEqual(['three', 'four']);
});

test('before and after everything: the time alone', () => {
  expect(status({ ids: [], stages: [stage('cpu', done)] }, 70_000)).toBe('1:10 gone, about 0:00 left');
  expect(status({ ids: [], stages: [stage('cpu', {})] }, 70_000)).toBe('0:00 gone, about 0:10 left');
});
