import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { FleetStatus } from '../../dist/fleet-status.js';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { Runtime } from '../helpers/control.ts';
import { Exposition } from '../helpers/exposition.ts';
import { Fleet, fixture, NODE, REGISTER } from '../helpers/fleet.ts';
import { Reloadable } from '../helpers/reloadable.ts';
import { eventually, get, nextWorker } from '../helpers/requests.ts';

const APP = fixture('prom-client-app.mjs');

async function scrape(metricsPort: number): Promise<Exposition> {
  return new Exposition(await get(metricsPort, '/metrics'));
}

function expectGrowth(before: Exposition, after: Exposition): void {
  const [old, now] = [before.counters(), after.counters()];
  const ours = [...old].filter(([name]) => name.startsWith('evenkeel_'));
  expect(ours.length).toBeGreaterThan(20);
  const fallen = ours.filter(([name, value]) => !((now.get(name) ?? Number.NaN) >= value));
  expect(fallen).toEqual([]);
}

test.each(STRATEGIES)(
  '%s: every connection is counted, over the death of a worker and a reload, and no counter falls',
  async (strategy) => {
    await using fleet = new Reloadable([
      '-w',
      '2',
      '-s',
      strategy,
      '--metrics',
      '0',
      '--listen-timeout',
      '20000',
    ]);
    const port = await fleet.ready();
    const metricsPort = await fleet.metricsPort();
    const pids = new Set<number>();
    const ask = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) pids.add((await nextWorker(port)).pid);
    };
    await ask(20);
    const first = await scrape(metricsPort);
    expect(first.sum('evenkeel_connections_total')).toBe(20);
    expect(first.value('evenkeel_workers', { state: 'ready' })).toBe(2);

    await ask(7); // not seen by any scrape before it dies
    const [victim] = pids;
    process.kill(victim as number, 'SIGKILL');
    await eventually(async () => (await scrape(metricsPort)).sum('evenkeel_worker_restarts_total') === 1);
    await eventually(
      async () => (await scrape(metricsPort)).value('evenkeel_workers', { state: 'ready' }) === 2,
    );
    const second = await scrape(metricsPort);
    expectGrowth(first, second);
    expect(second.sum('evenkeel_connections_total')).toBe(27);

    await ask(5);
    await fleet.reload();
    const third = await scrape(metricsPort);
    expectGrowth(second, third);
    expect(third.sum('evenkeel_connections_total')).toBe(32);
    expect(third.value('evenkeel_generation')).toBe(2);
    expect(third.value('evenkeel_reloads_total', { result: 'success' })).toBe(1);
    expect(third.sum('evenkeel_worker_restarts_total')).toBe(3);
    expect(third.value('evenkeel_worker_start_duration_seconds_count')).toBe(5);
    expect(third.value('evenkeel_worker_start_duration_seconds_bucket', { le: '60' })).toBe(5);
    const workers = third.families
      .get('evenkeel_connections_total')
      ?.samples.map(({ labels }) => labels.worker);
    expect(workers).toEqual(['0', '1']);
  },
);

test('a reload that fails is one', async () => {
  await using fleet = new Reloadable(['-w', '1', '--metrics', '0']);
  await fleet.ready();
  const before = await scrape(await fleet.metricsPort());
  fleet.deploy({ mode: 'crashes' });
  await fleet.reload();
  const after = await scrape(await fleet.metricsPort());
  expectGrowth(before, after);
  expect(after.value('evenkeel_reloads_total', { result: 'failure' })).toBe(1);
  expect(after.value('evenkeel_generation')).toBe(1);
});

test('restarts are as many as the status has: after a reload that failed, and of a place that is there again', async () => {
  const runtime = new Runtime();
  await using fleet = new Reloadable(['-w', '2', '--metrics', '0'], runtime.env);
  await fleet.ready();
  const restarts = async (): Promise<unknown[]> => {
    const { workers } = (await runtime.json('status')) as FleetStatus;
    const metrics = await scrape(await fleet.metricsPort());
    return workers.map(({ index, restarts }) => [
      restarts,
      metrics.value('evenkeel_worker_restarts_total', { worker: String(index) }),
    ]);
  };
  expect(await restarts()).toEqual([
    [0, 0],
    [0, 0],
  ]);
  fleet.deploy({ mode: 'crashes' });
  await fleet.reload();
  expect(await restarts()).toEqual([
    [1, 1],
    [0, 0],
  ]);
  fleet.deploy();
  await runtime.json('scale', '1');
  await runtime.json('scale', '2');
  expect(await restarts()).toEqual([
    [1, 1],
    [1, 1],
  ]);
});

test('the fleet, the primary, and conventions', async () => {
  await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '2', '--metrics', '127.0.0.1:0']);
  await fleet.ready();
  const { families } = await scrape(await fleet.metricsPort());
  const ours = [...families.values()].filter(({ name }) => name.startsWith('evenkeel_'));
  expect(families.size).toBe(ours.length);
  expect(ours.some(({ name }) => name === 'evenkeel_primary_process_resident_memory_bytes')).toBe(true);
  // The primary's are prom-client's, by its own rules.
  for (const { name, type, help } of ours.filter(({ name }) => !name.startsWith('evenkeel_primary_'))) {
    if (type === 'counter') expect(name).toMatch(/_total$/);
    else expect(name).not.toMatch(/_total$/);
    expect(name).not.toMatch(/_(ms|milliseconds|kb|mb)(_|$)/);
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
  }
});

test('what the application measures in each worker comes merged', async () => {
  await using fleet = new Fleet([APP, '-w', '3', '--metrics', '0']);
  const port = await fleet.ready();
  const metricsPort = await fleet.metricsPort();
  const pids: number[] = [];
  for (let i = 0; i < 12; i++) pids.push(Number(await get(port)));
  const seen = await scrape(metricsPort);
  expect(seen.value('app_requests_total', { method: 'GET' })).toBe(12);
  expect(seen.value('app_seconds_bucket', { le: '1' })).toBe(12);
  expect(seen.value('app_worst')).toBeGreaterThanOrEqual(Math.max(...pids));
  expect(seen.sum('process_resident_memory_bytes')).toBeGreaterThan(3 * 2 ** 20);
  expect(seen.families.get('app_nothing')?.samples).toEqual([]);
  expect(seen.value('evenkeel_info')).toBeNaN(); // the application's; ours has labels
});

test('a worker that blocks holds up no scrape, and its last answer counts', async () => {
  await using fleet = new Fleet([APP, '-w', '2', '--metrics', '0']);
  const port = await fleet.ready();
  const metricsPort = await fleet.metricsPort();
  for (let i = 0; i < 10; i++) await get(port);
  expect((await scrape(metricsPort)).value('app_requests_total', { method: 'GET' })).toBe(10);
  await get(port, '/block/8000');
  for (let i = 0; i < 2; i++) {
    const begun = performance.now();
    expect((await scrape(metricsPort)).value('app_requests_total', { method: 'GET' })).toBe(10);
    expect(performance.now() - begun).toBeLessThan(5000);
  }
});

test('node:cluster with evenkeel/register: the AggregatorRegistry of the application works unchanged', () => {
  const app = fixture('prom-client-cluster.mjs');
  const out = execFileSync(NODE, ['--import', REGISTER, app], { encoding: 'utf8' });
  const { metrics } = JSON.parse(out);
  expect(new Exposition(metrics).value('app_requests_total')).toBe(3);
});
