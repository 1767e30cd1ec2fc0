import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { expose } from '../../dist/metrics/exposition.js';
import { fleetFamilies } from '../../dist/metrics/families.js';
import { History } from '../../dist/metrics/history.js';
import { Exposition } from '../helpers/exposition.ts';

const worker = (index: number, id: number, state: string, more: object = {}) => ({
  index,
  id,
  pid: 100 + id,
  state,
  connections: 2,
  accepted: 10,
  restarts: 0,
  generation: 1,
  uptime: 200,
  ...more,
});

const status = (...workers: object[]) =>
  ({
    pid: 1,
    phase: 'running',
    strategy: 'shared-handle',
    policy: 'least-connections',
    listeners: [],
    generation: 1,
    workers,
  }) as never;

/** What a scrape says. */
async function scrape(history: History, fleet: never, waiting?: number): Promise<Exposition> {
  for (const one of (fleet as { workers: never[] }).workers) history.observe(one);
  return new Exposition(await expose(fleetFamilies(fleet, history, waiting), []));
}

function made(): { fleet: EventEmitter; history: History } {
  const fleet = new EventEmitter();
  return { fleet, history: new History(fleet as never) };
}

test('a fleet at rest, by name and unit', async () => {
  const { fleet, history } = made();
  for (const index of [0, 1]) {
    fleet.emit('worker', worker(index, index + 1, 'starting'));
    fleet.emit('worker', worker(index, index + 1, 'ready'));
  }
  const ready = [worker(0, 1, 'ready', { rss: 5e7, cpuSeconds: 1.5 }), worker(1, 2, 'ready')];
  const seen = await scrape(history, status(...ready), 3);
  expect(seen.value('evenkeel_workers', { state: 'ready' })).toBe(2);
  expect(seen.value('evenkeel_workers', { state: 'dead' })).toBe(0);
  expect(seen.value('evenkeel_connections_open', { worker: '0' })).toBe(2);
  expect(seen.value('evenkeel_connections_total', { worker: '1' })).toBe(10);
  expect(seen.value('evenkeel_connections_waiting')).toBe(3);
  expect(seen.value('evenkeel_worker_restarts_total', { worker: '0' })).toBe(0);
  expect(seen.value('evenkeel_worker_stalls_total', { worker: '0' })).toBe(0);
  expect(seen.value('evenkeel_reloads_total', { result: 'failure' })).toBe(0);
  expect(seen.value('evenkeel_stopping')).toBe(0);
  expect(seen.value('evenkeel_worker_memory_bytes', { worker: '0' })).toBe(5e7);
  expect(seen.value('evenkeel_worker_memory_bytes', { worker: '1' })).toBeNaN();
  expect(seen.value('evenkeel_worker_cpu_seconds_total', { worker: '0' })).toBe(1.5);
  expect(seen.value('evenkeel_worker_start_duration_seconds_bucket', { le: '0.1' })).toBe(0);
  expect(seen.value('evenkeel_worker_start_duration_seconds_bucket', { le: '0.25' })).toBe(2);
  expect(seen.value('evenkeel_worker_start_duration_seconds_bucket', { le: '+Inf' })).toBe(2);
  expect(seen.value('evenkeel_worker_start_duration_seconds_sum')).toBeCloseTo(0.4);
});

test('where node:cluster itself serves nothing is said of connections', async () => {
  const { history } = made();
  const unknown = { connections: undefined, accepted: undefined };
  const seen = await scrape(history, status(worker(0, 1, 'ready', unknown)));
  expect([...seen.families.keys()].filter((name) => name.includes('connections'))).toEqual([
    'evenkeel_connections_rescued_total',
  ]);
});

test('a replaced worker, its heir beside it, and after its end', async () => {
  const { fleet, history } = made();
  fleet.emit('worker', worker(0, 1, 'starting'));
  fleet.emit('worker', worker(0, 2, 'starting'));
  const both = status(worker(0, 1, 'draining'), worker(0, 2, 'ready', { accepted: 1, connections: 1 }));
  const during = await scrape(history, both, 0);
  expect(during.value('evenkeel_connections_open', { worker: '0' })).toBe(3);
  expect(during.value('evenkeel_connections_total', { worker: '0' })).toBe(11);
  history.observe(worker(0, 1, 'draining', { accepted: 12 }) as never); // its last ones
  fleet.emit('worker', worker(0, 1, 'dead', { accepted: undefined }));
  const after = await scrape(history, status(worker(0, 2, 'ready', { accepted: 1 })), 0);
  expect(after.value('evenkeel_connections_total', { worker: '0' })).toBe(13);
  expect(after.value('evenkeel_worker_restarts_total', { worker: '0' })).toBe(1);
});

test('what happens is counted', async () => {
  const { fleet, history } = made();
  const one = worker(0, 1, 'ready');
  fleet.emit('stall', one);
  fleet.emit('rescue', one, { duration: 30, rescued: 4 });
  fleet.emit('crashLoop', one, 100);
  fleet.emit('reloadEnd', { generation: 2, duration: 1500 });
  fleet.emit('reloadEnd', { generation: 3, duration: 500, error: new Error('no') });
  const seen = await scrape(history, status(one), 0);
  expect(seen.value('evenkeel_worker_stalls_total', { worker: '0' })).toBe(1);
  expect(seen.value('evenkeel_connections_rescued_total', { worker: '0' })).toBe(4);
  expect(seen.value('evenkeel_crash_loops_total')).toBe(1);
  expect(seen.value('evenkeel_reloads_total', { result: 'success' })).toBe(1);
  expect(seen.value('evenkeel_reloads_total', { result: 'failure' })).toBe(1);
  expect(seen.value('evenkeel_reload_duration_seconds_sum')).toBe(2);
  expect(seen.value('evenkeel_reload_duration_seconds_count')).toBe(2);
});
