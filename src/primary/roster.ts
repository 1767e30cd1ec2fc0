import cluster, { type Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import type { DrainOrder } from '../messages.js';
import { backoff, CRASH_LOOP, failuresAfter } from './backoff.js';
import { Readiness, type ReadinessOptions } from './readiness.js';
import { Seat, type WorkerState } from './seat.js';

export interface RosterOptions extends ReadinessOptions {
  /** What the next worker gets in addition to this process's environment. */
  env: () => Readonly<Record<string, string>> | undefined;
  /** Milliseconds; see StartOptions. */
  minUptime: number;
  killTimeout: number;
  /** A worker has ended `how`. True: it is not to be followed by another, for now. */
  holdsBack: (seat: Seat, how: string) => boolean;
}

export interface RosterEvents {
  /** A worker's state changed. */
  worker: [seat: Seat];
  /** A worker has failed so often in a row that it looks like a crash loop; next try in `delay` ms. */
  crashLoop: [seat: Seat, delay: number];
  /** A worker has ended `how`, by itself: another takes its seat. */
  failed: [seat: Seat, how: string];
  /** A worker that was to replace another has ended before it was ready. */
  unfit: [seat: Seat, how: string];
}

/** Of the time until a worker is killed, what its clients have at most to bring a request. The rest is for what has
 * begun by then. */
const PATIENT = 0.8;
/** Where the fleet ends and nobody else will serve they have no longer than this, in ms: who is idle is told by closing
 * its connection. */
const LAST_PATIENCE = 1000;

/** The places of a fleet and the processes in them: forks, respawns with back-off, drains, kills. Owns every worker
 * process. */
export class Roster extends EventEmitter<RosterEvents> {
  readonly #options: RosterOptions;
  #seats: readonly Seat[] = [];
  /** Processes begun, by index: of all the seats it has been the place of. */
  readonly #begun = new Map<number, number>();
  /** No place is filled again. */
  #isClosing = false;
  readonly #readiness: Readiness;
  readonly #onExit = (worker: Worker, code: number | null, signal: string | null): void =>
    this.#handleEnd(worker, signal !== null ? `killed by ${signal}` : `exit code ${code}`);

  constructor(options: RosterOptions) {
    super();
    this.#options = options;
    this.#readiness = new Readiness(
      options,
      () => this.#seats,
      (seat) => this.#setState(seat, 'ready'),
    );
  }

  get seats(): readonly Seat[] {
    return this.#seats;
  }

  /** Those that are to stay. */
  get staying(): Seat[] {
    return this.#seats.filter(({ isLeaving }) => !isLeaving);
  }

  /** Processes begun in this place after the first. */
  restartsOf({ index }: Seat): number {
    return Math.max(0, (this.#begun.get(index) ?? 0) - 1);
  }

  find(worker: Worker | undefined): Seat | undefined {
    return worker === undefined ? undefined : this.#seats.find((seat) => seat.worker === worker);
  }

  open(): void {
    this.#readiness.open();
    cluster.on('exit', this.#onExit);
  }

  /** After allDead(). */
  close(): void {
    this.#readiness.close();
    cluster.off('exit', this.#onExit);
  }

  /** A further place, and a worker in it.
   * @param replaces whom it is to replace: it gets no connection before it listens wherever that one does
   * @throws the system's error where no process can be made; the place is gone then. */
  add(index: number, generation: number, replaces?: Seat): Seat {
    const seat = new Seat(index, generation);
    seat.replaces = replaces;
    this.#seats = [...this.#seats, seat];
    try {
      this.#fork(seat);
    } catch (error) {
      this.#remove(seat);
      throw error;
    }
    return seat;
  }

  /** The same, whatever it takes: where no process can be made now, which is logged, one is later. */
  fill(index: number, generation: number): Seat {
    const seat = new Seat(index, generation);
    this.#seats = [...this.#seats, seat];
    this.#forkOrRetry(seat);
    return seat;
  }

  /** The worker ends without losing a request. Another takes its place, unless the place is leaving. */
  drain(seat: Seat): void {
    this.#drain(seat, Date.now() + this.#options.killTimeout, this.#unhurried());
  }

  /** The same, and the place goes with it. */
  retire(seat: Seat): void {
    seat.isLeaving = true;
    clearTimeout(seat.respawn);
    if (seat.isAlive) return this.drain(seat);
    this.#remove(seat);
    this.#setState(seat, 'dead');
  }

  /** A worker that has served nobody: it ends, and its place. */
  discard(seat: Seat): void {
    const { worker } = seat;
    if (worker === undefined) return;
    seat.isLeaving = true;
    this.#options.balancer?.dismiss(worker);
    seat.signal('SIGTERM');
    this.#killLater(seat, Date.now() + this.#options.killTimeout);
  }

  /** No place is filled from now on. */
  beginClosing(): void {
    this.#isClosing = true;
    for (const seat of this.#seats) {
      clearTimeout(seat.respawn);
      if (!seat.isAlive) seat.state = 'dead';
    }
  }

  /** After beginClosing().
   * @param deadline by Date.now()
   * @param othersServe those whom nothing is said to now may come back to others */
  drainAll(deadline: number, othersServe = false): void {
    const patience = Math.min(LAST_PATIENCE, PATIENT * Math.max(0, deadline - Date.now()));
    const order = othersServe ? this.#unhurried() : { patience, spread: 0 };
    for (const seat of this.#seats) if (seat.isAlive) this.#drain(seat, deadline, order);
  }

  killAll(): void {
    for (const seat of this.#seats) if (seat.isAlive) seat.signal('SIGKILL');
  }

  async allDead(): Promise<void> {
    while (this.#seats.some((seat) => seat.isAlive)) {
      await new Promise<void>((resolve) => this.once('worker', () => resolve()));
    }
  }

  #fork(seat: Seat): void {
    const { env, waitReady, balancer, log } = this.#options;
    const worker = cluster.fork(env());
    if (waitReady || seat.replaces !== undefined) balancer?.hold(worker);
    seat.begin(worker);
    this.#begun.set(seat.index, (this.#begun.get(seat.index) ?? 0) + 1);
    // Without a listener an 'error' (a failed send to a worker that just died, say) would end the primary.
    worker.on('error', (error: NodeJS.ErrnoException) => {
      log.warn({ err: error, code: error.code }, `${seat.label}: ${error.message}`);
      if (worker.process.pid !== undefined) return;
      // Never started: no 'exit' comes, and node:cluster would count it as a worker for good.
      delete cluster.workers?.[worker.id];
      this.#handleEnd(worker, error.message);
    });
    this.#readiness.watch(worker);
    this.#setState(seat, 'starting');
    this.#readiness.settleHeirs(seat);
  }

  /** Its process is gone, and `end` says how. */
  #handleEnd(worker: Worker, end: string): void {
    const seat = this.find(worker);
    if (seat === undefined || !seat.isAlive) return;
    const how = seat.failure ?? end;
    // A SIGTERM for it alone, or cluster.worker.disconnect().
    const hasDrained = seat.state === 'draining' || worker.exitedAfterDisconnect;
    seat.clearTimers();
    const isUnfit = seat.replaces !== undefined;
    if (seat.isLeaving || isUnfit) this.#remove(seat);
    this.#setState(seat, 'dead');
    if (isUnfit) this.emit('unfit', seat, how);
    if (seat.isLeaving || isUnfit || this.#isClosing || this.#options.holdsBack(seat, how)) return;
    this.recover(seat, how, hasDrained);
  }

  /** A worker has ended by itself: another takes its seat, the later the oftener that happened soon after a start. */
  recover(seat: Seat, how: string, hasDrained = false): void {
    const { log, minUptime } = this.#options;
    const uptime = Date.now() - seat.startedAt;
    seat.failures = hasDrained && uptime >= minUptime ? 0 : failuresAfter(seat.failures, uptime, minUptime);
    const { failures } = seat;
    const delay = backoff(failures, Math.random());
    if (failures >= CRASH_LOOP) {
      log.error(
        { ...factsOf(seat), failures, delay },
        `crash loop: ${seat.label} died ${failures} times in a row right after its start (${how}); next try in ${delay} ms`,
      );
      this.emit('crashLoop', seat, delay);
    } else if (hasDrained) {
      const later = delay === 0 ? '' : ` in ${delay} ms`;
      log.info(factsOf(seat), `${seat.label} ended after its drain; another takes its place${later}`);
    } else {
      log.warn(factsOf(seat), `${seat.label} died: ${how}; respawning in ${delay} ms`);
    }
    if (failures > 0) this.emit('failed', seat, how);
    this.#respawnIn(seat, delay);
  }

  #respawnIn(seat: Seat, delay: number): void {
    seat.nextStartAt = Date.now() + delay;
    this.#setState(seat, 'waiting');
    seat.respawn = setTimeout(() => this.#forkOrRetry(seat), delay);
  }

  #forkOrRetry(seat: Seat): void {
    try {
      this.#fork(seat);
    } catch (error) {
      // EAGAIN, ENOMEM, EMFILE: this process cannot fork now. Or there is no slot before others have ended.
      seat.failures++;
      const again = Math.max(100, backoff(seat.failures, Math.random()));
      this.#options.log.error(
        { err: error },
        `cannot fork a worker: ${(error as Error).message}; next try in ${again} ms`,
      );
      this.#respawnIn(seat, again);
    }
  }

  #drain(seat: Seat, deadline: number, order: DrainOrder): void {
    const { worker } = seat;
    if (worker === undefined || seat.state === 'draining') return;
    const { balancer } = this.#options;
    const handle = balancer?.workerHandle(worker);
    if (balancer !== undefined && handle !== undefined) balancer.drain(handle, order);
    else worker.disconnect();
    this.#setState(seat, 'draining');
    this.#killLater(seat, deadline);
  }

  #killLater(seat: Seat, deadline: number): void {
    const { worker } = seat;
    const { killTimeout, log } = this.#options;
    clearTimeout(seat.kill);
    seat.kill = setTimeout(
      () => {
        const facts = { worker: worker?.id, pid: worker?.process.pid, killTimeout };
        log.warn(facts, `${seat.label} did not end within ${killTimeout} ms: killed`);
        seat.signal('SIGKILL');
      },
      Math.max(0, deadline - Date.now()),
    );
  }

  /** Others serve meanwhile. Clients have the time that servers and clients usually let a connection be idle. */
  #unhurried(): DrainOrder {
    const { killTimeout } = this.#options;
    return { patience: PATIENT * killTimeout, spread: 0.1 * killTimeout };
  }

  #remove(seat: Seat): void {
    this.#seats = this.#seats.filter((one) => one !== seat);
  }

  #setState(seat: Seat, state: WorkerState): void {
    seat.state = state;
    this.emit('worker', seat);
  }
}

function factsOf({ worker, startedAt }: Seat): object {
  return { worker: worker?.id, pid: worker?.process.pid, uptime: Date.now() - startedAt };
}
