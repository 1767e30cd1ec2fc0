import type { EventEmitter } from 'node:events';
import type { FleetEvents } from '../fleet.js';
import type { WorkerStatus } from '../fleet-status.js';
import { Buckets } from './buckets.js';
import { RunningTotals } from './running-totals.js';

/** Seconds from fork to ready. */
const START_BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Counts by a worker's index. */
type Counts = Map<number, number>;

/** What has happened to a fleet since its start, as numbers that only grow. Whose place it was counts, not which
 * process: a restart begins nothing anew. */
export class History {
  /** Processes begun. */
  readonly starts: Counts = new Map();
  readonly startSeconds = new Buckets(START_BOUNDS);
  readonly stalls: Counts = new Map();
  readonly rescued: Counts = new Map();
  readonly accepted = new RunningTotals();
  /** As far as it was looked at before the processes ended. */
  readonly cpuSeconds = new RunningTotals();
  readonly reloads = { success: 0, failure: 0 };
  reloadSeconds = 0;
  crashLoops = 0;

  /** Listens to the fleet from now on. */
  constructor(fleet: EventEmitter<FleetEvents>) {
    fleet.on('worker', (worker) => this.#onWorker(worker));
    fleet.on('crashLoop', () => this.crashLoops++);
    fleet.on('stall', ({ index }) => add(this.stalls, index, 1));
    fleet.on('rescue', ({ index }, { rescued }) => add(this.rescued, index, rescued));
    fleet.on('reloadEnd', ({ duration, error }) => {
      this.reloads[error === undefined ? 'success' : 'failure']++;
      this.reloadSeconds += duration / 1000;
    });
  }

  /** What running processes have done so far, or an ending one has at last. */
  observe({ index, id, accepted, cpuSeconds }: Glance): void {
    if (id === undefined) return;
    if (accepted !== undefined) this.accepted.observe(index, id, accepted);
    if (cpuSeconds !== undefined) this.cpuSeconds.observe(index, id, cpuSeconds);
  }

  #onWorker({ index, id, state, uptime }: WorkerStatus): void {
    if (state === 'starting') add(this.starts, index, 1);
    if (state === 'ready') this.startSeconds.observe(uptime / 1000);
    if (state !== 'dead' || id === undefined) return;
    this.accepted.end(id);
    this.cpuSeconds.end(id);
  }
}

/** The part of a worker's status that is counted. */
export interface Glance {
  index: number;
  id: number | undefined;
  accepted?: number | undefined;
  cpuSeconds?: number | undefined;
}

function add(counts: Counts, index: number, count: number): void {
  counts.set(index, (counts.get(index) ?? 0) + count);
}
