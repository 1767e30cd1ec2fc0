import type { Worker } from 'node:cluster';
import { EvenkeelError } from '../errors.js';
import type { Log } from '../log.js';
import type { Balancer } from './balancer.js';
import { processFacts } from './process-facts.js';
import type { Seat } from './seat.js';
import type { Supervisor } from './supervisor.js';

/** From where on a worker is replaced; 0: never for that. */
export interface RecycleLimits {
  /** Bytes of resident memory. */
  maxMemory: number;
  /** Milliseconds. */
  maxAge: number;
  /** Connections accepted. */
  maxServed: number;
}

/** What a worker has reached, in the same units. */
export type Reached = Readonly<Record<keyof RecycleLimits, number>>;

export interface Excess {
  limit: keyof RecycleLimits;
  value: number;
  /** The worker's own. */
  bound: number;
}

/** How often it is looked, ms. */
const LOOK_INTERVAL = 1000;
/** A replacement that failed is tried again after so many ms at the earliest, and 16 times that at the latest. */
const FIRST_PAUSE = 60_000;
/** Whoever is over maxMemory before it is so old, in ms, will be over it again. */
const TOO_SOON = 60_000;

/** A worker's own limits: age and connections at random up to a tenth below the options', so that workers which
 * began together do not end together. Memory is what there is of it.
 * @param random 0 to 1 */
export function ownLimits({ maxMemory, maxAge, maxServed }: RecycleLimits, random: number): RecycleLimits {
  const earlier = (limit: number): number =>
    limit === 0 ? 0 : Math.max(1, Math.round(limit * (1 - 0.1 * random)));
  return { maxMemory, maxAge: earlier(maxAge), maxServed: earlier(maxServed) };
}

/** The limit that is exceeded by most; undefined: none is. */
export function excessOf(limits: RecycleLimits, reached: Reached): Excess | undefined {
  const exceeded = (['maxMemory', 'maxAge', 'maxServed'] as const)
    .map((limit) => ({ limit, value: reached[limit], bound: limits[limit] }))
    .filter(({ value, bound }) => bound > 0 && value > bound);
  return exceeded.sort((a, b) => b.value / b.bound - a.value / a.bound)[0];
}

/** Milliseconds until the next replacement, after so many in a row that failed or did not help: from a minute to 16,
 * and half as much again by jitter.
 * @param random 0 to 1 */
export function pauseAfter(setbacks: number, random: number): number {
  if (setbacks === 0) return 0;
  return Math.round(FIRST_PAUSE * 2 ** Math.min(setbacks - 1, 4) * (1 + random / 2));
}

export interface RecyclingOptions {
  limits: RecycleLimits;
  supervisor: Supervisor;
  /** Knows how many connections a worker has accepted; undefined: nobody does. */
  balancer: Balancer | undefined;
  log: Log;
}

/** Replaces workers that have grown too large or too old, one after another, each only once the new one is ready. */
export class Recycling {
  readonly #options: RecyclingOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #limits = new WeakMap<Worker, RecycleLimits>();
  /** Replacements in a row that failed or did not help. */
  #setbacks = 0;
  #notBefore = Number.NEGATIVE_INFINITY;

  /** Begins to look. */
  constructor(options: RecyclingOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { supervisor } = this.#options;
    if (supervisor.isBusy || performance.now() < this.#notBefore) return;
    const over = supervisor.seats
      .filter(({ state, isLeaving }) => state === 'ready' && !isLeaving)
      .map((seat) => ({ seat, excess: this.#excess(seat) }))
      .filter((one): one is { seat: Seat; excess: Excess } => one.excess !== undefined)
      .sort((a, b) => b.excess.value / b.excess.bound - a.excess.value / a.excess.bound);
    const [worst] = over;
    if (worst !== undefined) void this.#replace(worst.seat, worst.excess);
  }

  #excess({ worker, startedAt }: Seat): Excess | undefined {
    if (worker === undefined) return undefined;
    const { limits, balancer } = this.#options;
    let own = this.#limits.get(worker);
    if (own === undefined) {
      own = ownLimits(limits, Math.random());
      this.#limits.set(worker, own);
    }
    const asksMemory = limits.maxMemory > 0;
    return excessOf(own, {
      maxMemory: asksMemory ? (processFacts(worker.process.pid ?? 0)?.rss ?? 0) : 0,
      maxAge: Date.now() - startedAt,
      maxServed: balancer?.workerHandle(worker)?.slot.read().accepted ?? 0,
    });
  }

  async #replace(seat: Seat, { limit, value, bound }: Excess): Promise<void> {
    const { supervisor, log } = this.#options;
    const age = Date.now() - seat.startedAt;
    const isInVain = limit === 'maxMemory' && age < TOO_SOON;
    const facts = { worker: seat.worker?.id, pid: seat.worker?.process.pid, limit, value, bound };
    log.info(
      facts,
      `${seat.label} is over ${limit}: ${describe(limit, value, bound)}; another takes its place`,
    );
    if (isInVain) {
      const hint = `it was so ${Math.round(age / 1000)} s after its start: is ${limit} lower than what it needs?`;
      log.warn(facts, `${seat.label}: ${hint}`);
    }
    try {
      await supervisor.replace(seat);
      this.#setbacks = isInVain ? this.#setbacks + 1 : 0;
    } catch (error) {
      if (error instanceof EvenkeelError && error.code === 'ERR_STOPPED') return;
      this.#setbacks++;
      log.error({ err: error }, `a worker over ${limit} could not be replaced: ${(error as Error).message}`);
    }
    this.#notBefore = performance.now() + pauseAfter(this.#setbacks, Math.random());
  }
}

function describe(limit: keyof RecycleLimits, value: number, bound: number): string {
  switch (limit) {
    case 'maxMemory':
      return `${mebibytes(value)} of ${mebibytes(bound)}`;
    case 'maxAge':
      return `${Math.round(value / 1000)} s of ${Math.round(bound / 1000)} s`;
    case 'maxServed':
      return `${value} connections of ${bound}`;
  }
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
