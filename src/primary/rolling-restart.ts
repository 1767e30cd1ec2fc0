import { EvenkeelError } from '../errors.js';
import type { Roster } from './roster.js';
import type { Seat } from './seat.js';

export interface RollingOptions {
  /** So many workers more than usual at most, not counting those that drain: 0 or more. */
  maxSurge: number;
  /** So many ready workers fewer than usual at most: 0 or more. Not 0 with a maxSurge of 0. */
  maxUnavailable: number;
  /** Milliseconds a new worker has to become ready. */
  listenTimeout: number;
  /** Processes at once at most, those that drain too. */
  maxProcesses: number;
  /** Of the new workers. */
  generation: number;
  waitReady: boolean;
  /** Milliseconds; a new worker that fails earlier has failed to start, though it was ready. */
  minUptime: number;
}

interface Candidate {
  seat: Seat;
  old: Seat;
  timeout: NodeJS.Timeout;
}

/** Replaces workers one after another, each only once the new one is ready. Where a new one does not become ready,
 * those not replaced yet stay. As a Kubernetes Deployment does it; see its "RollingUpdate". */
export class RollingRestart {
  readonly #roster: Roster;
  readonly #options: RollingOptions;
  /** Not begun to be replaced. */
  readonly #waiting: Seat[];
  readonly #candidates = new Map<Seat, Candidate>();
  /** Drained before their replacement was ready. */
  readonly #gone = new Set<Seat>();
  /** Those whose replacement has been ready. */
  readonly #replaced = new Set<Seat>();
  /** The replacements. */
  readonly #made = new Set<Seat>();
  readonly #size: number;
  #why: string | undefined;
  #isCancelled = false;
  #wake: () => void = () => {};

  /** @param old whom to replace */
  constructor(roster: Roster, old: readonly Seat[], options: RollingOptions) {
    this.#roster = roster;
    this.#options = options;
    this.#waiting = [...old];
    this.#size = roster.staying.length;
  }

  /** Resolves when every old worker has ended.
   * @throws EvenkeelError ERR_RELOAD_FAILED with the reason; the old workers that were not replaced go on. */
  async run(): Promise<void> {
    const old = [...this.#waiting];
    const onWorker = (seat: Seat): void => this.#onWorker(seat);
    const onUnfit = (seat: Seat, how: string): void => this.#onUnfit(seat, how);
    const onFailed = (seat: Seat, how: string): void => this.#onFailed(seat, how);
    this.#roster.on('worker', onWorker).on('unfit', onUnfit).on('failed', onFailed);
    try {
      for (;;) {
        this.#advance();
        if (this.#isCancelled) break;
        if (this.#why !== undefined || this.#waiting.length + this.#candidates.size === 0) break;
        await this.#change();
      }
      if (this.#why !== undefined && !this.#isCancelled) this.#giveUp(old.length);
      while (!this.#isCancelled && old.some((seat) => seat.isAlive)) await this.#change();
      if (this.#isCancelled)
        throw new EvenkeelError('ERR_STOPPED', 'the fleet was stopped during the reload');
    } finally {
      for (const { timeout } of this.#candidates.values()) clearTimeout(timeout);
      this.#roster.off('worker', onWorker).off('unfit', onUnfit).off('failed', onFailed);
    }
  }

  /** The fleet stops: whoever is there is somebody else's now. */
  cancel(): void {
    this.#isCancelled = true;
    this.#wake();
  }

  /** Starts and drains as many as may be. */
  #advance(): void {
    const { maxSurge, maxUnavailable, maxProcesses } = this.#options;
    const ready = (): number => this.#roster.staying.filter(({ state }) => state === 'ready').length;
    const present = (): number => this.#roster.staying.length;
    while (this.#why === undefined && !this.#isCancelled && this.#waiting.length > 0) {
      const [next] = this.#waiting as [Seat, ...Seat[]];
      const isFull = this.#roster.seats.filter(({ isAlive }) => isAlive).length >= maxProcesses;
      const mayAdd = present() < this.#size + maxSurge && !isFull;
      // Who is not ready serves nobody: it may go at once.
      const mayTake =
        !this.#gone.has(next) && (next.state !== 'ready' || ready() > this.#size - maxUnavailable);
      if (!mayAdd && mayTake && maxSurge === 0) {
        this.#gone.add(next);
        this.#roster.retire(next);
      } else if (mayAdd) {
        this.#waiting.shift();
        this.#start(next);
      } else {
        const makesRoom = this.#roster.seats.some(({ state }) => state === 'draining');
        if (maxSurge > 0 && isFull && !makesRoom && this.#candidates.size === 0)
          this.#fail(`${maxProcesses} processes run, and there is no place for another`);
        return;
      }
    }
  }

  #start(old: Seat): void {
    const { generation, listenTimeout } = this.#options;
    let seat: Seat;
    try {
      seat = this.#roster.add(old.index, generation, old);
    } catch (error) {
      return this.#fail(`cannot fork a worker: ${(error as Error).message}`);
    }
    const timeout = setTimeout(() => this.#onTimeout(seat), listenTimeout);
    this.#candidates.set(seat, { seat, old, timeout });
  }

  #onWorker(seat: Seat): void {
    const candidate = this.#candidates.get(seat);
    if (candidate !== undefined && seat.state === 'ready') {
      clearTimeout(candidate.timeout);
      this.#candidates.delete(seat);
      this.#replaced.add(candidate.old);
      this.#made.add(seat);
      if (!candidate.old.isLeaving) this.#roster.retire(candidate.old);
    }
    this.#wake();
  }

  #onUnfit(seat: Seat, how: string): void {
    if (!this.#candidates.has(seat)) return;
    this.#fail(`${seat.label} of the new generation ended before it was ready: ${how}`);
  }

  /** What is ready and fails at once is no better than what is never ready: those that are left are not to be replaced
   * by more of it. */
  #onFailed(seat: Seat, how: string): void {
    if (!this.#made.has(seat) || Date.now() - seat.startedAt >= this.#options.minUptime) return;
    this.#fail(`${seat.label} of the new generation ended soon after it was ready: ${how}`);
  }

  #onTimeout(seat: Seat): void {
    const { listenTimeout, waitReady } = this.#options;
    const { addresses, missing, saidReady, label } = seat;
    const within = `within ${listenTimeout} ms`;
    let did = `did not listen ${within}`;
    if (addresses.size > 0 && missing.length > 0) {
      const where = [...addresses].join(', ');
      did = `listened on ${where} ${within}, and not on ${missing.join(', ')}, where the old workers do`;
    } else if (waitReady && !saidReady) did = `did not say 'ready' ${within}`;
    this.#fail(`${label} of the new generation ${did}`);
  }

  #fail(why: string): void {
    this.#why ??= why;
    this.#wake();
  }

  #giveUp(count: number): never {
    for (const { seat, timeout } of this.#candidates.values()) {
      clearTimeout(timeout);
      if (seat.isAlive) this.#roster.discard(seat);
    }
    const missing = [...this.#gone].filter((old) => !this.#replaced.has(old));
    // With a worker of the new code, since there is no other.
    for (const { index } of missing) this.#roster.fill(index, this.#options.generation);
    const left = count - this.#replaced.size - missing.length;
    const state = `${this.#replaced.size} of ${count} workers were replaced, ${left} old ones go on`;
    throw new EvenkeelError('ERR_RELOAD_FAILED', `${this.#why}; ${state}`);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
