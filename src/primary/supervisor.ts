import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { EvenkeelError } from '../errors.js';
import { MAX_WORKERS } from '../load-table.js';
import type { Log } from '../log.js';
import type { RollingLimits, TimeLimits } from '../options.js';
import type { Balancer } from './balancer.js';
import { emptyQueues } from './empty-queues.js';
import { RollingRestart } from './rolling-restart.js';
import { Roster } from './roster.js';
import type { Seat } from './seat.js';
import { Startup } from './startup.js';
import type { Unresponsive } from './unresponsive.js';

export interface SupervisorOptions extends TimeLimits, RollingLimits {
  /** As the user named it, for messages. */
  entry: string;
  workers: number;
  env: Environment;
  waitReady: boolean;
  /** Undefined where node:cluster itself serves. */
  balancer: Balancer | undefined;
  log: Log;
}

/** What workers get in addition to this process's environment; read anew for each generation. */
export type Environment = () => Readonly<Record<string, string>> | undefined;

/** How a reload has ended. */
export interface Reload {
  /** What it was to be. */
  generation: number;
  /** Milliseconds. */
  duration: number;
  /** Why it failed. */
  error?: Error;
}

export interface SupervisorEvents {
  /** A worker's state changed. */
  worker: [seat: Seat];
  crashLoop: [seat: Seat, delay: number];
  unresponsive: [seat: Seat, report: Unresponsive];
  /** Every worker is ready, or has had listenTimeout to be. */
  start: [];
  reloadStart: [generation: number];
  reloadEnd: [reload: Reload];
  /** It will stop. */
  stopping: [];
  /** Every process is gone. */
  stop: [];
}

/** How a reload ended. */
export interface ReloadOutcome {
  /** When, in ms since 1970. */
  at: number;
  /** The one it made, or could not make. */
  generation: number;
  ok: boolean;
  /** Why it failed. */
  error?: string;
}

/** A group SIGTERM reaches workers and primary at once; the workers' requests wait this long, in ms, for
 * the primary's own to be seen first. */
const TERM_SETTLE = 20;

/** Keeps N workers running, and does with them what it is told, one thing after another. */
export class Supervisor extends EventEmitter<SupervisorEvents> {
  readonly #options: SupervisorOptions;
  readonly #roster: Roster;
  readonly #startup: Startup;
  /** The generation of workers that come now. */
  #generation = 1;
  #env: ReturnType<Environment>;
  /** What is done with the workers, to its end, whatever that is. */
  #last: Promise<unknown> = Promise.resolve();
  /** How much of that has not ended. */
  #turns = 0;
  /** Waits for its turn: whoever wants another means the same. */
  #nextReload: Promise<void> | undefined;
  #rolling: RollingRestart | undefined;
  #isReloading = false;
  #lastReload: ReloadOutcome | undefined;
  /** So many workers are wanted, also by who waits for a turn. */
  #size: number;
  #stopping: Promise<void> | undefined;
  #isStopAnnounced = false;

  constructor(options: SupervisorOptions) {
    super();
    this.#options = options;
    this.#env = options.env();
    this.#size = options.workers;
    this.#roster = new Roster({
      ...options,
      env: () => this.#env,
      holdsBack: (seat, how) => this.#startup.holdsBack(seat, how),
    });
    this.#roster.on('worker', (seat) => {
      if (seat.state === 'ready') this.#startup.check();
      this.emit('worker', seat);
    });
    this.#roster.on('crashLoop', (...loop) => this.emit('crashLoop', ...loop));
    this.#startup = new Startup(this.#roster, options);
  }

  /** The lowest index first; of one index the older. */
  get seats(): readonly Seat[] {
    return this.#roster.seats.toSorted((a, b) => a.index - b.index || a.generation - b.generation);
  }

  get generation(): number {
    return this.#generation;
  }

  /** Failures in a row up to now: none any more where its worker has lived for minUptime. */
  failuresOf({ isAlive, startedAt, failures }: Seat): number {
    return isAlive && Date.now() - startedAt >= this.#options.minUptime ? 0 : failures;
  }

  /** Something is done with the workers, or waits for its turn. */
  get isBusy(): boolean {
    return this.#turns > 0;
  }

  /** How many workers are wanted. */
  get size(): number {
    return this.#size;
  }

  get isReloading(): boolean {
    return this.#isReloading;
  }

  get lastReload(): ReloadOutcome | undefined {
    return this.#lastReload;
  }

  /** Forks all workers. Resolves when every one is ready, or after listenTimeout with a warning.
   * @throws EvenkeelError ERR_ENTRY_FAILED where all ended before any was ready; nothing runs then. */
  async start(): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping; // a signal came before the first fork
    this.#roster.open();
    return this.#follow(this.#start());
  }

  async #start(): Promise<void> {
    try {
      for (let index = 0; index < this.#options.workers; index++) this.#roster.add(index, this.#generation);
      this.#startup.begin();
      await this.#startup.settled;
      if (!this.#isStopAnnounced) this.emit('start');
    } catch (error) {
      await this.stop({ force: true });
      throw error;
    }
  }

  /** Replaces every worker by one of the present code and environment. One after another: a second reload begins
   * when the first has ended, and a third is the second.
   * @throws EvenkeelError ERR_RELOAD_FAILED, ERR_STOPPED; and what reading the environment throws */
  reload(): Promise<void> {
    this.#nextReload ??= this.#inTurn(() => {
      this.#nextReload = undefined;
      return this.#reload();
    });
    return this.#nextReload;
  }

  /** Another worker, of the same generation, takes the place of the one that has it now, and first becomes ready.
   * Nothing where that one has ended or is to end when its turn comes.
   * @throws EvenkeelError ERR_RELOAD_FAILED: the worker goes on; ERR_STOPPED */
  replace(seat: Seat): Promise<void> {
    const { worker, generation } = seat;
    return this.#inTurn(async () => {
      if (seat.worker !== worker || seat.state !== 'ready' || seat.isLeaving) return;
      await this.#roll([seat], { maxSurge: 1, maxUnavailable: 0, generation });
    });
  }

  /** @throws EvenkeelError ERR_STOPPED */
  scale(workers: number): Promise<void> {
    this.#size = workers;
    return this.#inTurn(() => this.#scale(workers));
  }

  /** stop() will be called. Until then everything goes on, but a signal that reaches every process is no reason to
   * drain each worker by itself. */
  announceStop(): void {
    if (this.#isStopAnnounced) return;
    this.#isStopAnnounced = true;
    this.emit('stopping');
  }

  /** Drains every worker and ends; `force` kills them, also while a drain is under way. */
  stop({ force = false } = {}): Promise<void> {
    if (force) this.#roster.killAll();
    this.announceStop();
    this.#stopping ??= this.#stop(force);
    return this.#stopping;
  }

  /** A SIGTERM reached a single worker: it ends without losing a request, and another takes its seat. */
  drainWorker(worker: Worker | undefined): void {
    const seat = this.#roster.find(worker);
    if (worker === undefined || seat === undefined) return;
    setTimeout(() => {
      if (!this.#isStopAnnounced && seat.worker === worker) this.#roster.drain(seat);
    }, TERM_SETTLE);
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      if (this.#stopping !== undefined) throw new EvenkeelError('ERR_STOPPED', 'the fleet has stopped');
      return action();
    });
    return this.#follow(turn);
  }

  #follow<T>(turn: Promise<T>): Promise<T> {
    this.#turns++;
    this.#last = turn.catch(() => {}).finally(() => this.#turns--);
    return turn;
  }

  async #reload(): Promise<void> {
    const generation = this.#generation + 1;
    const begun = performance.now();
    const outcome: { error?: Error } = {};
    this.#isReloading = true;
    this.emit('reloadStart', generation);
    try {
      await this.#replaceAll();
    } catch (error) {
      outcome.error = error as Error;
      throw error;
    } finally {
      this.#isReloading = false;
      const { error } = outcome;
      const at = Date.now();
      this.#lastReload =
        error === undefined
          ? { at, generation, ok: true }
          : { at, generation, ok: false, error: error.message };
      this.emit('reloadEnd', { generation, duration: performance.now() - begun, ...outcome });
    }
  }

  async #replaceAll(): Promise<void> {
    const { log, env } = this.#options;
    const [before, old] = [this.#env, this.#roster.staying];
<<<<<<< HEAD
=======
    this.#env = env();
    this.#generation++;
    this.#isReloading = true;
    log.info(
      { generation: this.#generation },
      `reloading ${old.length} workers: generation ${this.#generation}`,
    );
>>>>>>> control
    try {
      this.#env = env();
      this.#generation++;
      log.info(
        { generation: this.#generation },
        `reloading ${old.length} workers: generation ${this.#generation}`,
      );
      const { maxSurge, maxUnavailable } = this.#options;
      await this.#roll(old, { maxSurge, maxUnavailable, generation: this.#generation });
      log.info(
        { generation: this.#generation },
        `reloaded: ${old.length} workers of generation ${this.#generation}`,
      );
    } catch (error) {
      // Who crashes from now on comes back with what the old ones have.
      this.#env = before;
      if (error instanceof EvenkeelError)
        log.error({ code: error.code }, `the reload failed: ${error.message}`);
      throw error;
    } finally {
      this.#isReloading = false;
    }
  }

  async #roll(old: readonly Seat[], how: RollingLimits & { generation: number }): Promise<void> {
    this.#rolling = new RollingRestart(this.#roster, old, {
      ...this.#options,
      ...how,
      maxProcesses: MAX_WORKERS,
    });
    try {
      await this.#rolling.run();
    } finally {
      this.#rolling = undefined;
    }
  }

  /** Resolves when the new ones are ready, or have had listenTimeout to be, and the others have ended. */
  async #scale(workers: number): Promise<void> {
    const staying = this.seats.filter(({ isLeaving }) => !isLeaving);
    const leaving = staying.slice(workers);
    for (const seat of leaving) this.#roster.retire(seat);
    const taken = new Set(staying.map(({ index }) => index));
    const coming: Seat[] = [];
    for (let index = 0; staying.length + coming.length < workers; index++) {
      if (!taken.has(index)) coming.push(this.#roster.add(index, this.#generation));
    }
    const isDone = (): boolean =>
      coming.every(({ state }) => state === 'ready') && leaving.every(({ isAlive }) => !isAlive);
    const { listenTimeout, killTimeout } = this.#options;
    await this.#until(isDone, leaving.length > 0 ? killTimeout : listenTimeout);
  }

  /** At most so many ms, or until the fleet stops. */
  async #until(isDone: () => boolean, limit: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!isDone() && this.#stopping === undefined) return;
        clearTimeout(timer);
        this.#roster.off('worker', look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#roster.off('worker', look);
        resolve();
      }, limit);
      this.#roster.on('worker', look);
      look();
    });
  }

  async #stop(force: boolean): Promise<void> {
    this.#startup.cancel();
    this.#roster.beginClosing();
    this.#rolling?.cancel();
    const { balancer, log, killTimeout } = this.#options;
    const deadline = Date.now() + killTimeout;
    if (!force && balancer !== undefined) {
      // A failure here may cost connections still in a queue; it must not keep the fleet from ending.
      await emptyQueues(balancer, killTimeout / 2).catch((error: Error) =>
        log.error({ err: error }, error.message),
      );
    }
    this.#roster.drainAll(deadline);
    await this.#roster.allDead();
    balancer?.close();
    this.#roster.close();
    this.emit('stop');
  }
}
