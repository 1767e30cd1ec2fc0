import type { FleetStatus, WorkerStatus } from '../fleet-status.js';
import type { WorkerState } from '../primary/seat.js';
import { VERSION } from '../version.js';
import type { Family, Sample } from './family.js';
import type { History } from './history.js';

const STATES: readonly WorkerState[] = ['starting', 'ready', 'draining', 'waiting', 'dead'];

/** The fleet in numbers. Names and units as Prometheus advises; `worker` is a worker's index, which is the same over
 * restarts, and so has as many values as the fleet has places.
 * @param waiting connections no worker has yet; undefined where node:cluster itself serves */
export function fleetFamilies(status: FleetStatus, history: History, waiting: number | undefined): Family[] {
  const { strategy, policy, generation, phase, workers } = status;
  const info = { version: VERSION, strategy, policy };
  const indexes = [...new Set([...history.starts.keys(), ...workers.map(({ index }) => index)])].sort(
    (a, b) => a - b,
  );
  /** Of every place there has been. */
  const counted = (counts: ReadonlyMap<number, number>): Sample[] =>
    indexes.map((worker) => ({ labels: { worker }, value: counts.get(worker) ?? 0 }));
  const restarts = new Map([...history.starts].map(([worker, starts]) => [worker, starts - 1]));
  const { reloads, reloadSeconds, crashLoops, startSeconds, accepted, cpuSeconds } = history;

  return [
    gauge('info', 'What runs, as labels.', [{ labels: info, value: 1 }]),
    gauge(
      'generation',
      'Of the workers that come now; goes up with each reload that does not fail.',
      generation,
    ),
    gauge('stopping', '1 from the signal to end on.', phase === 'stopping' || phase === 'stopped' ? 1 : 0),
    gauge(
      'workers',
      'Workers by their state.',
      STATES.map((state) => ({
        labels: { state },
        value: workers.filter((worker) => worker.state === state).length,
      })),
    ),
    gauge(
      'connections_open',
      'Connections open now.',
      perWorker(workers, ({ connections }) => connections),
    ),
    gauge(
      'connections_waiting',
      'Connections in the accept queues, or on their way to a worker.',
      waiting === undefined ? [] : waiting,
    ),
    counter(
      'connections_total',
      'Connections begun.',
      waiting === undefined ? [] : counted(accepted.totals()),
    ),
    counter(
      'worker_restarts_total',
      'Processes begun after the first: after crashes, by reloads, also by those that failed.',
      counted(restarts),
    ),
    counter(
      'worker_stalls_total',
      'Times its event loop was blocked while connections waited for it (reuse-port).',
      counted(history.stalls),
    ),
    counter(
      'connections_rescued_total',
      'Connections given to other workers while its event loop was blocked (reuse-port).',
      counted(history.rescued),
    ),
    counter(
      'reloads_total',
      'Rolling restarts that have ended.',
      Object.entries(reloads).map(([result, value]) => ({ labels: { result }, value })),
    ),
    family('reload_duration_seconds', 'summary', 'From the beginning of a reload to its end.', [
      { metricName: 'evenkeel_reload_duration_seconds_sum', labels: {}, value: reloadSeconds },
      {
        metricName: 'evenkeel_reload_duration_seconds_count',
        labels: {},
        value: reloads.success + reloads.failure,
      },
    ]),
    counter('crash_loops_total', 'Times a worker failed again and again right after its start.', crashLoops),
    family(
      'worker_start_duration_seconds',
      'histogram',
      'From the fork of a worker until it was ready.',
      startSeconds.samples('evenkeel_worker_start_duration_seconds'),
    ),
    gauge('worker_memory_bytes', 'Resident memory.', perWorker(workers, rssOf)),
    counter(
      'worker_cpu_seconds_total',
      'CPU time; of processes that have ended as far as it was looked at.',
      [...cpuSeconds.totals()].map(([worker, value]) => ({ labels: { worker }, value })),
    ),
  ].filter(({ values }) => values.length > 0);
}

/** While a worker is replaced two have its index: both count. */
function perWorker(
  workers: readonly WorkerStatus[],
  pick: (worker: WorkerStatus) => number | undefined,
): Sample[] {
  const sums = new Map<number, number>();
  for (const worker of workers) {
    const value = pick(worker);
    if (value !== undefined) sums.set(worker.index, (sums.get(worker.index) ?? 0) + value);
  }
  return [...sums].map(([worker, value]) => ({ labels: { worker }, value }));
}

function rssOf(worker: { index: number; rss?: number | undefined }): number | undefined {
  return worker.rss;
}

function gauge(name: string, help: string, values: number | Sample[]): Family {
  return family(name, 'gauge', help, values);
}

function counter(name: string, help: string, values: number | Sample[]): Family {
  return family(name, 'counter', help, values);
}

function family(name: string, type: Family['type'], help: string, values: number | Sample[]): Family {
  const samples = typeof values === 'number' ? [{ labels: {}, value: values }] : values;
  return { name: `evenkeel_${name}`, type, help, aggregator: 'sum', values: samples };
}
