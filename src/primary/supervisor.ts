import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { EvenkeelError } from '../errors.js';
import { MAX_WORKERS } from '../load-table.js';
import type { Log } from '../log.js';
import type { RollingLimits, TimeLimits } from '../options.js';
import type { Balancer } from './balancer.js';
import { emptyQueues, nobodyWaits } from './empty-queues.js';
import { type Environment, type GenerationEvents, Generations } from './generations.js';
import { resize } from './resize.js';
import { RollingRestart } from './rolling-restart.js';
import { Roster } from './roster.js';
import type { Seat } from './seat.js';
import { Startup } from './startup.js';
import { Turns } from './turns.js';
import type { Unresponsive } from './unresponsive.js';

export interface SupervisorOptions extends TimeLimits, RollingLimits {
  /** As the user named it, for messages. */
  entry: string;
  workers: number;
  env: Environment;
  waitReady: boolean;
  /** Of the first workers. */
  generation: number;
  /** Undefined: there is no process whose place this one takes. */
  takeOver: TakeOver | undefined;
  /** Undefined where node:cluster itself serves. */
  balancer: Balancer | undefined;
  log: Log;
}

/** Has this process take the place of another one, as soon as every worker is ready. */
export interface TakeOver {
  /** Resolves when the sockets are this process's. Rejects where it is not to have them. */
  sockets(): Promise<void>;
  /** Then everything else is. */
  rest(): Promise<void>;
  /** It cannot be, since this one's start failed. */
  fail(error: Error): void;
}

export interface SupervisorEvents extends GenerationEvents {
  /** A worker's state changed. */
  worker: [seat: Seat];
  crashLoop: [seat: Seat, delay: number];
  unresponsive: [seat: Seat, report: Unresponsive];
  /** Every worker is ready, or has had listenTimeout to be. */
  start: [];
  /** It will stop. */
  stopping: [];
  /** Every process is gone. */
  stop: [];
}

/** A group SIGTERM reaches workers and primary at once; the workers' requests wait this long, in ms, for
 * the primary's own to be seen first. */
const TERM_SETTLE = 20;

/** Keeps N workers running, and does with them what it is told, one thing after another. */
export class Supervisor extends EventEmitter<SupervisorEvents> {
  readonly #options: SupervisorOptions;
  readonly #roster: Roster;
  readonly #startup: Startup;
  readonly #generations: Generations;
  /** What is done with the workers. */
  readonly #turns = new Turns();
  /** Waits for its turn: whoever wants another means the same. */
  #nextReload: Promise<void> | undefined;
  #rolling: RollingRestart | undefined;
  /** So many workers are wanted, also by who waits for a turn. */
  #size: number;
  /** The first workers are there, or none will be. */
  #hasForked = false;
  /** So many there are to be by now. */
  #scaledTo: number;
  /** Its sockets, where there is another process's place to take. */
  #takingOver: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #isStopAnnounced = false;
  /** Another process has the sockets. */
  #hasLeft = false;

  constructor(options: SupervisorOptions) {
    super();
    this.#options = options;
    this.#generations = new Generations(options.env, options.generation, options.log)
      .on('reloadStart', (generation) => this.emit('reloadStart', generation))
      .on('reloadEnd', (reload) => this.emit('reloadEnd', reload));
    this.#size = options.workers;
    this.#scaledTo = options.workers;
    this.#roster = new Roster({
      ...options,
      env: () => this.#generations.env,
      holdsBack: (seat, how) => this.#startup.holdsBack(seat, how),
    });
    this.#roster.on('worker', (seat) => {
      if (seat.state === 'ready') this.#startup.check();
      this.emit('worker', seat);
    });
    this.#roster.on('crashLoop', (...loop) => this.emit('crashLoop', ...loop));
    this.#startup = new Startup(this.#roster, { ...options, isStrict: options.takeOver !== undefined });
  }

  /** The lowest index first; of one index the older. */
  get seats(): readonly Seat[] {
    return this.#roster.seats.toSorted((a, b) => a.index - b.index || a.generation - b.generation);
  }

  get generations(): Pick<Generations, 'current' | 'next' | 'isReloading' | 'lastReload'> {
    return this.#generations;
  }

  /** Failures in a row up to now: none any more where its worker has lived for minUptime. */
  failuresOf({ isAlive, startedAt, failures }: Seat): number {
    return isAlive && Date.now() - startedAt >= this.#options.minUptime ? 0 : failures;
  }

  /** Processes begun in this place after the first. */
  restartsOf(seat: Seat): number {
    return this.#roster.restartsOf(seat);
  }

  /** Something is done with the workers, or waits for its turn. */
  get isBusy(): boolean {
    return this.#turns.isBusy;
  }

  /** How many workers are wanted, also by who waits for a turn. */
  get size(): number {
    return this.#size;
  }

  /** How many there are to be by now. */
  get scaledTo(): number {
    return this.#scaledTo;
  }

  /** Forks all workers. Resolves when every one is ready, or after listenTimeout with a warning.
   * @throws EvenkeelError ERR_ENTRY_FAILED where all ended before any was ready; nothing runs then. */
  async start(): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping; // a signal came before the first fork
    this.#roster.open();
    return this.#turns.take(() => this.#start());
  }

  async #start(): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping; // a signal came before the first fork
    try {
      this.#hasForked = true;
      for (let index = 0; index < this.#scaledTo; index++) this.#roster.add(index, this.#generations.current);
      this.#startup.begin();
      await this.#startup.settled;
      if (this.#stopping !== undefined) return this.#stopping;
      this.#takingOver = this.#options.takeOver?.sockets();
      await this.#takingOver;
      await this.#options.takeOver?.rest();
      if (!this.#isStopAnnounced) this.emit('start');
    } catch (error) {
      this.#options.takeOver?.fail(error as Error);
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

  /** Resolves when those that come are ready, or have had listenTimeout to be, and those that go have ended. Where no
   * process can be made for one, it comes later.
   * @throws EvenkeelError ERR_STOPPED */
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

  /** It stops, or is about to. */
  get isStopping(): boolean {
    return this.#isStopAnnounced;
  }

  /** It stops, or has: what was announced has begun. */
  get isEnding(): boolean {
    return this.#stopping !== undefined;
  }

  /** Another process takes the place of this one, once `prepare` has made it ready to: `release` says that the
   * sockets are its. The workers end when they have answered what they have; see stop().
   * @throws what `prepare` throws, and EvenkeelError ERR_STOPPED; everything goes on then */
  handOver(prepare: () => Promise<void>, release: () => void): Promise<void> {
    const checkGoesOn = (): void => {
      if (this.#isStopAnnounced) throw new EvenkeelError('ERR_STOPPED', 'the fleet stops');
    };
    return this.#inTurn(async () => {
      checkGoesOn();
      await prepare();
      checkGoesOn();
      this.#options.balancer?.letGo();
      this.#hasLeft = true;
      // Whatever those who listen for it throw: the sockets are another's.
      try {
        release();
      } finally {
        try {
          this.announceStop();
        } finally {
          this.#stopping ??= this.#leave();
        }
      }
    });
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
    return this.#turns.take(() => {
      if (this.#stopping !== undefined) {
        const why = this.#hasLeft
          ? "another process has taken this one's place: ask it"
          : 'the fleet has stopped';
        throw new EvenkeelError('ERR_STOPPED', why);
      }
      return action();
    });
  }

  async #reload(): Promise<void> {
    const old = this.#roster.staying;
    const { maxSurge, maxUnavailable } = this.#options;
    await this.#generations.renew(old.length, () =>
      this.#roll(old, { maxSurge, maxUnavailable, generation: this.#generations.current }),
    );
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

  async #scale(workers: number): Promise<void> {
    this.#scaledTo = workers;
    if (!this.#hasForked) return; // start() begins with so many
    await resize(this.#roster, workers, {
      ...this.#options,
      generation: this.#generations.current,
      isOver: () => this.#stopping !== undefined,
    });
  }

  async #stop(force: boolean): Promise<void> {
    const { balancer, log, killTimeout } = this.#options;
    const deadline = this.#beginEnd();
    if (!force) await this.#takenOver();
    // As long as the sockets are another process's, nobody waits for this one.
    if (!force && balancer !== undefined && !balancer.isWaiting) {
      // A failure here may cost connections still in a queue; it must not keep the fleet from ending.
      await emptyQueues(balancer, killTimeout / 2).catch((error: Error) =>
        log.error({ err: error }, error.message),
      );
    }
    this.#roster.drainAll(deadline);
    await this.#end();
  }

  /** Where the sockets are about to be this process's, they are when this resolves; or it was not to have them, or the
   * other one has not answered for killTimeout. */
  async #takenOver(): Promise<void> {
    if (this.#takingOver === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.killTimeout);
    });
    await Promise.race([this.#takingOver.catch(() => {}), limit]); // start() says why not
    clearTimeout(timer);
  }

  /** Another process serves. What waits in accept queues is its; what has been accepted here is ours. */
  async #leave(): Promise<void> {
    const { balancer, killTimeout } = this.#options;
    const deadline = this.#beginEnd();
    if (balancer !== undefined) await nobodyWaits(balancer, 0, killTimeout / 2);
    this.#roster.drainAll(deadline, true);
    await this.#end();
  }

  /** Returns when the last worker is killed, by Date.now(). */
  #beginEnd(): number {
    this.#startup.cancel();
    this.#roster.beginClosing();
    this.#rolling?.cancel();
    return Date.now() + this.#options.killTimeout;
  }

  async #end(): Promise<void> {
    await this.#roster.allDead();
    this.#options.balancer?.close();
    this.#roster.close();
    this.emit('stop');
  }
}
