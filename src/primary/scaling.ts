import { EvenkeelError } from '../errors.js';
import type { Log } from '../log.js';
import { processFacts } from './process-facts.js';
import type { Seat } from './seat.js';
import type { Supervisor } from './supervisor.js';

export interface ScaleLimits {
  /** Workers, 1 to 256. */
  min: number;
  max: number;
  /** The utilisation that a worker should have, 0.1 to 0.9: with more, one that has no time left would be near it. */
  target: number;
}

export interface Sample {
  /** Milliseconds of any beginning. */
  now: number;
  workers: number;
  /** The sum of their utilisations, each 0 to 1. */
  load: number;
}

/** What was wanted at which times, the oldest first, and the number of workers last decided on. */
export interface ScaleState {
  wanted: readonly { at: number; workers: number }[];
  decided: number;
}

export const FRESH: ScaleState = { wanted: [], decided: 0 };

/** A number so close to the present one is the present one. */
const TOLERANCE = 0.1;
/** Milliseconds for which fewer must have been enough before there are fewer. */
const WINDOW = 60_000;
/** How often it is measured, ms: long enough for a collection of garbage, or a burst, not to count. */
const SAMPLE_INTERVAL = 5000;

/** How many workers the load needs.
 * Source: Kubernetes, "Horizontal Pod Autoscaling", algorithm details. */
export function wantedFor({ workers, load }: Sample, { min, max, target }: ScaleLimits): number {
  const ratio = load / (workers * target);
  const wanted = Math.abs(ratio - 1) <= TOLERANCE ? workers : Math.ceil(load / target - 1e-9);
  return Math.min(max, Math.max(min, wanted));
}

/** How many workers there should be now: more at once, twice as many at most; fewer one by one, and only when as few
 * were enough during all of the last minute. Does not swing: what is wanted depends on the load, not on how many share
 * it. */
export function decide(state: ScaleState, sample: Sample, limits: ScaleLimits): ScaleState {
  const { now, workers } = sample;
  const wanted = wantedFor(sample, limits);
  const recent = state.wanted.filter(({ at }) => at > now - WINDOW);
  // Somebody else wanted that many, or it is the beginning: that counts for a minute too.
  if (workers > state.decided) recent.push({ at: now, workers });
  recent.push({ at: now, workers: wanted });
  const most = Math.max(...recent.map((one) => one.workers));
  let decided = workers;
  if (wanted > workers) decided = Math.min(wanted, 2 * workers);
  else if (most < workers) decided = workers - 1;
  return { wanted: recent, decided };
}

export interface ScalingOptions {
  limits: ScaleLimits;
  supervisor: Supervisor;
  log: Log;
}

interface Measured {
  at: number;
  cpuSeconds: number;
}

/** Runs as many workers as the load needs. A worker's utilisation is its processor time over time: never less than
 * that of its event loop, which only the worker itself knows. */
export class Scaling {
  readonly #options: ScalingOptions;
  readonly #timer: NodeJS.Timeout;
  #state = FRESH;
  /** By pid. */
  #measured = new Map<number, Measured>();

  /** Begins to measure. */
  constructor(options: ScalingOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), SAMPLE_INTERVAL);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { supervisor, limits, log } = this.#options;
    const seats = supervisor.seats.filter(({ isLeaving }) => !isLeaving);
    const load = this.#measure(seats);
    // In a reload there are more workers than the fleet has places, and they are busy with starting.
    if (supervisor.isBusy) return;
    const workers = seats.length;
    this.#state = decide(this.#state, { now: performance.now(), workers, load }, limits);
    const { decided } = this.#state;
    if (decided === workers) return;
    const utilisation = Math.round((100 * load) / workers) / 100;
    log.info(
      { workers: decided, before: workers, utilisation, target: limits.target },
      `scaling from ${workers} to ${decided} workers: their utilisation is ${utilisation}, the target ${limits.target}`,
    );
    supervisor.scale(decided).catch((error: Error) => {
      if (error instanceof EvenkeelError && error.code === 'ERR_STOPPED') return;
      log.error({ err: error }, `cannot scale to ${decided} workers: ${error.message}`);
    });
  }

  /** The sum of utilisations since the last time. A worker that was not there then counts as idle: its start takes
   * time too, and is no reason for another. */
  #measure(seats: readonly Seat[]): number {
    const now = performance.now();
    const measured = new Map<number, Measured>();
    let load = 0;
    for (const { state, worker } of seats) {
      const pid = worker?.process.pid;
      if (state !== 'ready' || pid === undefined) continue;
      const facts = processFacts(pid);
      if (facts === undefined) continue;
      const last = this.#measured.get(pid);
      if (last !== undefined)
        load += Math.min(1, (1000 * (facts.cpuSeconds - last.cpuSeconds)) / (now - last.at));
      measured.set(pid, { at: now, cpuSeconds: facts.cpuSeconds });
    }
    this.#measured = measured;
    return load;
  }
}
