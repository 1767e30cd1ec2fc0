import { expect, test } from 'vitest';
import { memoryOf, parse, together } from '../../bench/lib/memory.mjs';
import { countHandshakes } from '../../bench/lib/s-time.mjs';
import { openLoop } from '../../bench/scenarios/open-loop.mjs';
import { rolling } from '../../bench/scenarios/rolling.mjs';

const ROLLUP = `00400000-7ffd8e5f2000 ---p 00000000 00:00 0                              [rollup]
Rss:               76800 kB
Pss:               51200 kB
Pss_Anon:          40960 kB
Private_Clean:      4096 kB
Private_Dirty:     40960 kB
`;

test('memory from smaps_rollup, in MiB', () => {
  expect(parse(ROLLUP)).toEqual({ rss: 75, pss: 50, own: 40 });
});

test('what processes share counts once, of the largest', () => {
  const sizes = [
    { rss: 75, pss: 50, own: 40 },
    { rss: 60, pss: 30, own: 20 },
  ];
  expect(together(sizes)).toBe(40 + 20 + 40);
});

test('the kernel has these figures of this process', () => {
  const { rss, pss, own } = memoryOf(process.pid);
  expect(own).toBeGreaterThan(1);
  expect(pss).toBeGreaterThanOrEqual(own);
  expect(rss).toBeGreaterThanOrEqual(pss);
});

test('full handshakes and resumed ones are told apart', () => {
  const fresh = 'Collecting connection statistics for 1 seconds\n****\n\n4 connections in 0.09s; …\n';
  expect(countHandshakes(fresh)).toEqual({ full: 4, resumed: 0 });
  const again = '\n\nNow timing with session id reuse.\nstarting\nrr*rt\n\n5 connections in 0.27s; …\n';
  expect(countHandshakes(again)).toEqual({ full: 2, resumed: 3 });
  expect(() => countHandshakes('no such option')).toThrow('no such option');
});

const NONE = { ok: 0, refused: 0, reset: 0, timeout: 0, empty: 0, hung: 0, other: 0 };

test('rolling: failures of new and of kept connections apart, added up over the rounds', () => {
  const round = {
    newFailed: 2,
    keptFailed: 1,
    newFates: { ...NONE, ok: 10, reset: 2 },
    keptFates: { ...NONE, ok: 10, empty: 1 },
    quantiles: [],
  };
  const { rows } = rolling.summarize({ one: [round, round] });
  expect(rows[0]).toMatchObject({
    id: 'one',
    values: { newFailed: { median: 2, rounds: [2, 2] }, keptFailed: { median: 1 } },
    failures: { reset: 4, 'empty (kept)': 2 },
  });
});

test('open loop: three percentiles for each rate', () => {
  const { columns } = openLoop.summarize({}, { rates: [500, 2000] });
  expect(columns.map(({ label }: { label: string }) => label)).toEqual(
    [500, 2000].flatMap((rate) => ['p50', 'p99', 'p99.9'].map((name) => `${name} at ${rate}/s`)),
  );
});
