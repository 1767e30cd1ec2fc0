import type { Worker } from 'node:cluster';

/** A worker's states, as design and status name them. `waiting`: dead, and to be forked again later. */
export type WorkerState = 'starting' | 'ready' | 'draining' | 'waiting' | 'dead';

/** One of the N places of a fleet: the worker that has it now, and what became of those before. */
export class Seat {
  readonly index: number;
  worker: Worker | undefined;
  state: WorkerState = 'dead';
  /** Workers after the first. */
  restarts = -1;
  /** Failures in a row: deaths without having lived for minUptime. */
  failures = 0;
  startedAt = 0;
  respawn: NodeJS.Timeout | undefined;
  kill: NodeJS.Timeout | undefined;

  constructor(index: number) {
    this.index = index;
  }

  get label(): string {
    return `worker ${this.worker?.id ?? '-'} (pid ${this.worker?.process.pid ?? '-'})`;
  }

  /** A process runs here. */
  get isAlive(): boolean {
    return this.state === 'starting' || this.state === 'ready' || this.state === 'draining';
  }

  clearTimers(): void {
    clearTimeout(this.respawn);
    clearTimeout(this.kill);
  }
}
