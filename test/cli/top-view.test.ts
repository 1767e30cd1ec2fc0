import { expect, test } from 'vitest';
import { renderTop } from '../../dist/cli/top-view.js';
import { makeStatus, makeWorker } from '../control/helpers.ts';

const NOW = 1_700_000_000_000;
const SIZE = { columns: 80, rows: 24 };
const texts = (lines: { text: string }[]): string[] => lines.map(({ text }) => text.trimEnd());

const before = makeStatus({
  size: 2,
  workers: [
    makeWorker({ id: 1, accepted: 100, cpuSeconds: 6 }),
    makeWorker({ id: 2, pid: 4712, accepted: 1000, cpuSeconds: 9 }),
  ],
});
const after = makeStatus({
  size: 2,
  uptime: before.uptime + 2000,
  queued: 7,
  workers: [
    makeWorker({ id: 1, accepted: 300, cpuSeconds: 7, loopDelay: 12.4, stalls: 2, rescued: 9 }),
    makeWorker({ id: 3, pid: 4713, accepted: 50, cpuSeconds: 0.4, restarts: 1, connections: 2 }),
  ],
});

test('what a second brought: by worker, and of all; a new process is counted from its start', () => {
  const lines = texts(renderTop({ previous: before, current: after, message: 'reload: done' }, SIZE, NOW));
  expect(lines).toHaveLength(24);
  expect(lines.slice(0, 7)).toEqual([
    'server  shared-handle/least-connections  generation 1  pid 4700  up 1m03s',
    'http *:8080',
    '2 workers: 2 ready, 5 connections, 125/s, 7 queued',
    '',
    'id   pid  gen  state  conns  conn/s  cpu  mem  loop ms  restarts  stalls',
    ' 1  4711    1  ready      3     100  50%  64M       12         0     2/9',
    ' 3  4713    1  ready      2      25    -  64M      0.0         1       -',
  ]);
  expect(lines.slice(7, 22).every((line) => line === '')).toBe(true);
  expect(lines.slice(22)).toEqual(['reload: done', 'r reload   + - scale   q quit']);
});

test('the first look has nothing to say by the second', () => {
  const lines = texts(renderTop({ previous: undefined, current: after, message: '' }, SIZE, NOW));
  expect(lines[2]).toBe('2 workers: 2 ready, 5 connections, 7 queued');
  expect(lines[5]).toMatch(/ 3 {7}- {4}- {2}64M /);
});

test('more workers than rows: how many are not shown', () => {
  const workers = Array.from({ length: 40 }, (_, i) => makeWorker({ id: i + 1, pid: 5000 + i }));
  const current = makeStatus({ size: 40, workers });
  const lines = texts(renderTop({ previous: undefined, current, message: '' }, SIZE, NOW));
  expect(lines).toHaveLength(24);
  const shown = lines.filter((line) => /^ *\d+ {2}50\d\d /.test(line)).length;
  expect(lines[21]).toBe(`… ${40 - shown} more: a higher terminal shows them`);
  expect(lines[23]).toBe('r reload   + - scale   q quit');
});

test.each([
  [80, 24],
  [40, 10],
  [20, 5],
  [7, 3],
  [1, 1],
  [200, 60],
])('%d columns and %d rows are never exceeded', (columns, rows) => {
  const worker = makeWorker({
    pid: 4_194_304,
    generation: 9999,
    state: 'starting',
    connections: 999_400,
    accepted: 4_294_967_295,
    cpuSeconds: 1e6,
    rss: 1023 * 1024 ** 2,
    loopDelay: 99_999,
    restarts: 99_999,
    stalls: 999_400,
    rescued: 999_400,
  });
  const workers = Array.from({ length: 100 }, (_, i) => ({ ...worker, id: 9000 + i }));
  const lastReload = { at: 0, generation: 3, ok: false, error: 'x'.repeat(300) };
  const current = makeStatus({ workers, lastReload, size: 100 });
  const lines = renderTop({ previous: before, current, message: 'm'.repeat(300) }, { columns, rows }, NOW);
  expect(lines.length).toBe(rows);
  expect(Math.max(...lines.map(({ text }) => text.length))).toBeLessThanOrEqual(columns);
  const row = lines.find(({ text }) => text.startsWith('9000 '));
  if (columns >= 80) expect(row?.text).toMatch(/999k\/999k$/);
});
