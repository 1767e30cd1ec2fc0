import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ideal } from '../../bench/lib/ideal.mjs';
import { LEAD_IN, skewedArrivals } from '../../bench/lib/skewed.mjs';
import { median, percentile } from '../../bench/lib/statistics.mjs';
import { CATALOGUE, counterpartOf, IDEAL } from '../../bench/model/catalogue.mjs';
import { printCheck } from '../../bench/model/check.mjs';
import { exponential } from '../../bench/model/service.mjs';
import { estimate, study } from '../../bench/model/study.mjs';
import { theory } from '../../bench/model/theory.mjs';

const OPTIONS = { rate: 390, seconds: 2, rounds: 3, seed: 7, cores: 2, overhead: 0.15 };
const SMALL = { sizes: [8], requests: 4000 };

const row = (id: string, p50: number, p99: number) => ({
  id,
  values: { p50: { median: p50 }, p99: { median: p99 } },
});

function report({
  options = OPTIONS as object,
  rows = [row('shared-handle/least-connections', 1, 120)],
} = {}) {
  return { options: { workers: 4 }, scenarios: { skew: { options, summary: { rows } } } };
}

test('a report gets the curves of its own arrivals, and the way on to more workers', () => {
  const model = theory(report(), SMALL);
  expect(Object.keys(model.skew)).toEqual(Object.keys(CATALOGUE));
  for (const points of Object.values<[number, number][]>(model.skew)) {
    expect(points[0]?.[0]).toBe(0);
    expect(points.at(-1)?.[0]).toBe(1);
    expect(points.every(([, ms], i) => ms >= OPTIONS.overhead && ms >= (points[i - 1]?.[1] ?? 0))).toBe(true);
  }
  expect(Object.keys(model.scaling)).toEqual(Object.keys(CATALOGUE));
  expect(model.scaling[IDEAL].map(([workers]: number[]) => workers)).toEqual([4, 8]);
  expect(model.about).toMatchObject({ label: 'simulation', skew: { workers: 4, cores: 2, rate: 390 } });
  expect(model.about.scaling.utilisation).toBeCloseTo((0.39 * (0.05 * 50 + 0.95 * 0.2 + 0.15)) / 2, 12);
  expect(theory(report(), SMALL)).toEqual(model); // the same again
});

test('its ideal is the one the scenario shows', () => {
  const p99s = [7, 8, 9].map((seed) => {
    const arrivals = skewedArrivals({ ...OPTIONS, seed });
    const jobs = arrivals.map(({ at, work }) => ({ at, work: work + OPTIONS.overhead }));
    const took = ideal(jobs, { workers: 4, cores: 2 });
    return percentile(
      took.filter((_, i) => (arrivals[i]?.at ?? 0) >= LEAD_IN),
      0.99,
    );
  });
  const [{ p99 }] = theory(report(), SMALL).check;
  expect(p99).toEqual({ measured: 120, model: median(p99s), ratio: 120 / median(p99s) });
});

test('each contestant is put beside what works like it, and who has none is left out', () => {
  const rows = ['hand-off/round-robin', 'cluster/round-robin', 'reuse-port/hash@no-rescue', 'nginx', 'ideal'];
  const lacking = { ...row('cluster/shared-handle', 1, 1), values: {} } as ReturnType<typeof row>;
  const { check } = theory(report({ rows: [lacking, ...rows.map((id) => row(id, 1, 150))] }), SMALL);
  expect(check.map(({ id, discipline }: Record<string, string>) => [id, discipline])).toEqual([
    ['hand-off/round-robin', 'late binding, 1 ahead'],
    ['cluster/round-robin', '1 ahead, in turn'],
    ['reuse-port/hash@no-rescue', 'random'],
  ]);
  expect(printCheck(check)).toMatch(/hand-off\/round-robin +late binding, 1 ahead +1\.0 +0\.\d/);
  for (const id of ['shared-handle/least-connections', 'cluster/shared-handle']) {
    expect(counterpartOf(id)).toBe(IDEAL);
  }
  expect(counterpartOf('node/reuse-port@node-24')).toBe('random');
  expect(counterpartOf('hand-off/source-hash')).toBeUndefined();
});

test('nothing is made up where nothing was measured', () => {
  expect(theory({ options: { workers: 4 }, scenarios: {} })).toBeUndefined();
  const { overhead: _, ...lacking } = OPTIONS;
  expect(() => theory(report({ options: lacking }))).toThrow('no overhead');
  const over = theory(report({ options: { ...OPTIONS, rate: 900 } }), SMALL);
  expect(over.scaling).toBeUndefined();
  expect(over.about.absent).toMatch(/offered 1\.28/);
});

test('a study gives each figure with its error, and wants a load that can last', () => {
  const options = {
    workers: 2,
    service: exponential(1),
    requests: 20_000,
    disciplines: { [IDEAL]: CATALOGUE[IDEAL] },
  };
  const found = study({ ...options, utilisation: 0.5, seeds: [1, 2, 3] })[IDEAL];
  expect(Math.abs(found.mean.value - 4 / 3)).toBeLessThan(5 * found.mean.error); // M/M/2 at one half
  expect(found.mean.error).toBeGreaterThan(0);
  expect(found.mean.error).toBeLessThan(0.05);
  expect(found.shortP99.value).toBeLessThan(found.p99.value);
  for (const utilisation of [0, 1, 1.5, Number.NaN]) {
    expect(() => study({ ...options, utilisation, seeds: [1] })).toThrow(RangeError);
  }
});

test('an estimate is a mean, with the error of it', () => {
  expect(estimate([1, 2, 3])).toEqual({ value: 2, error: Math.sqrt(1 / 3) });
});

test('the program prints a table, and refuses what makes no sense', async () => {
  const run = (...args: string[]) => promisify(execFile)(process.execPath, ['bench/model/main.mjs', ...args]);
  const { stdout } = await run(
    '--workers',
    '2,3',
    '--requests',
    '2000',
    '--seeds',
    '1,2',
    '--service',
    'lognormal',
  );
  expect(stdout).toMatch(/^2 workers, 2 cores at 0\.7, lognormal work of 2\.69 ms/m);
  expect(stdout.match(/^(central queue|join shortest|power of two|round robin|random) .*$/gm)).toHaveLength(
    10,
  );
  await expect(run('--utilisation', '1')).rejects.toThrow("'1' is not above 0 and below 1");
  await expect(run('--workers', '4,x')).rejects.toThrow("'x' is not a whole number");
  await expect(run('--report', 'package.json')).rejects.toThrow('is no report');
  await expect(run('--service', 'pareto')).rejects.toThrow('Allowed choices');
});
