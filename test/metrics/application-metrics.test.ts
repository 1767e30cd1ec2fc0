import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { ApplicationMetrics } from '../../dist/metrics/application-metrics.js';
import type { Family } from '../../dist/metrics/family.js';
import { listLog } from '../control/helpers.ts';

const family = (name: string, type: Family['type'], value: number | null): object => ({
  name,
  help: 'Of a test.',
  type,
  aggregator: 'sum',
  values: [{ value, labels: {} }],
});

/** A worker whose prom-client has those metrics. */
function worker(families: object[]): Worker {
  const one: EventEmitter = Object.assign(new EventEmitter(), {
    isConnected: () => true,
    process: {
      send: ({ requestId }: { requestId: string }) =>
        setImmediate(() =>
          one.emit('message', { type: 'prom-client:getMetricsRes', requestId, metrics: [families] }),
        ),
    },
  });
  return one as unknown as Worker;
}

test('a metric of another type than with the first worker is left out, and that is said once', async () => {
  const log = listLog();
  const workers = [
    worker([family('app_a', 'counter', 1), family('app_b', 'gauge', 2)]),
    worker([family('app_a', 'gauge', 5), family('app_b', 'gauge', 3)]),
  ];
  const metrics = new ApplicationMetrics(log);
  for (let i = 0; i < 3; i++) {
    expect(await metrics.collect(workers)).toMatchObject([
      [{ name: 'app_a', type: 'counter' }, { name: 'app_b' }],
      [{ name: 'app_b' }],
    ]);
  }
  expect(log.lines).toEqual([
    {
      level: 'warn',
      message:
        'the application\'s metric "app_a" is left out: it is a gauge in one worker and a counter in another',
    },
  ]);
});

test('what cannot be told is told of once, and a hundred at most', async () => {
  const log = listLog();
  const many = Array.from({ length: 150 }, (_, i) => family(`app_${i}`, 'gauge', null));
  const metrics = new ApplicationMetrics(log);
  await metrics.collect([worker(many), worker(many)]);
  expect(log.lines).toHaveLength(100);
  expect(log.lines[0]?.message).toMatch(/^the application's metric "app_0" is left out: it has a value /);
});
