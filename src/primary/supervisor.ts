import cluster, { type Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import type { Log } from '../log.js';
import type { TimeLimits } from '../options.js';
import { backoff, CRASH_LOOP } from './backoff.js';
import type { Balancer } from './balancer.js';
import { emptyQueues } from './empty-queues.js';
import { Seat } from './seat.js';
import { Startup } from './startup.js';

export interface SupervisorOptions extends TimeLimits {
  /** As the user named it, for messages. */
  entry: string;
  workers: number;
  env: Readonly<Record<string, string>> | undefined;
  /** Undefined where node:cluster itself serves. */
  balancer: Balancer | undefined;
  log: Log;
}

export interface SupervisorEvents {
  /** A worker's state changed. */
  worker: [seat: Seat];
  /** A worker has failed so often in a row that it looks like a crash loop; next try in `delay` ms. */
  crashLoop: [seat: Seat, delay: number];
  /** Every process is gone. */
  stop: [];
}

/** A group SIGTERM reaches workers and primary at once; the workers' requests wait this long, in ms, for
 * the primary's own to be seen first. */
const TERM_SETTLE = 20;

/** Keeps N workers running: forks, respawns with back-off, drains, kills. Owns every worker process. */
export class Supervisor extends EventEmitter<SupervisorEvents> {
  readonly seats: readonly Seat[];
  readonly #options: SupervisorOptions;
  readonly #startup: Startup;
  readonly #onListening = (worker: Worker): void => this.#handleListening(worker);
  readonly #onExit = (worker: Worker, code: number | null, signal: string | null): void =>
    this.#handleExit(worker, code, signal);
  #stopping: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    super();
    this.#options = options;
    this.seats = Array.from({ length: options.workers }, (_, index) => new Seat(index));
    this.#startup = new Startup(this.seats, options, (seat, how) => this.#recover(seat, how));
  }

  /** Forks all workers. Resolves when every one listens, or after listenTimeout with a warning.
   * @throws EvenkeelError ERR_ENTRY_FAILED where all ended before any listened; nothing runs then. */
  async start(): Promise<void> {
    cluster.on('listening', this.#onListening);
    cluster.on('exit', this.#onExit);
    try {
      for (const seat of this.seats) this.#fork(seat);
      await this.#startup.settled;
    } catch (error) {
      await this.stop({ force: true });
      throw error;
    }
  }

  /** Drains every worker and ends; `force` kills them, also while a drain is under way. */
  stop({ force = false } = {}): Promise<void> {
    if (force) this.#killAll();
    this.#stopping ??= this.#stop(force);
    return this.#stopping;
  }

  /** A SIGTERM reached a single worker: it ends without losing a request, and another takes its seat. */
  drainWorker(worker: Worker | undefined): void {
    const seat = this.seats.find((one) => one.worker === worker);
    if (worker === undefined || seat === undefined) return;
    setTimeout(() => {
      if (this.#stopping === undefined && seat.worker === worker) this.#drain(seat);
    }, TERM_SETTLE);
  }

  #fork(seat: Seat): void {
    const worker = cluster.fork(this.#options.env);
    seat.worker = worker;
    seat.startedAt = Date.now();
    seat.restarts++;
    // Without a listener an 'error' (a failed send to a worker that just died, say) would end the primary.
    worker.on('error', (error: NodeJS.ErrnoException) => {
      this.#options.log.warn({ err: error, code: error.code }, `${seat.label}: ${error.message}`);
      if (worker.process.pid === undefined) this.#handleExit(worker, null, null); // never started
    });
    this.#setState(seat, 'starting');
  }

  #handleListening(worker: Worker): void {
    const seat = this.seats.find((one) => one.worker === worker);
    if (seat?.state !== 'starting') return;
    this.#setState(seat, 'ready');
    this.#startup.check();
  }

  #handleExit(worker: Worker, code: number | null, signal: string | null): void {
    const seat = this.seats.find((one) => one.worker === worker);
    if (seat === undefined || !seat.isAlive) return;
    const wasDraining = seat.state === 'draining' || worker.exitedAfterDisconnect;
    const how = signal !== null ? `killed by ${signal}` : `exit code ${code}`;
    seat.clearTimers();
    this.#setState(seat, 'dead');
    if (this.#stopping !== undefined || this.#startup.holdsBack(seat, how)) return;
    if (!wasDraining) return this.#recover(seat, how);
    this.#options.log.info(factsOf(seat), `${seat.label} ended after its drain; another takes its place`);
    seat.failures = 0;
    this.#respawnIn(seat, 0);
  }

  /** A worker failed: another takes its seat, the later the oftener that happened. */
  #recover(seat: Seat, how: string): void {
    const { log, minUptime } = this.#options;
    seat.failures = Date.now() - seat.startedAt >= minUptime ? 1 : seat.failures + 1;
    const delay = backoff(seat.failures, Math.random());
    const { failures } = seat;
    if (failures < CRASH_LOOP) {
      log.warn(factsOf(seat), `${seat.label} died: ${how}; respawning in ${delay} ms`);
    } else {
      log.error(
        { ...factsOf(seat), failures, delay },
        `crash loop: ${seat.label} died ${failures} times in a row right after its start (${how}); next try in ${delay} ms`,
      );
      this.emit('crashLoop', seat, delay);
    }
    this.#respawnIn(seat, delay);
  }

  #respawnIn(seat: Seat, delay: number): void {
    this.#setState(seat, 'waiting');
    seat.respawn = setTimeout(() => {
      try {
        this.#fork(seat);
      } catch (error) {
        // EAGAIN, ENOMEM, EMFILE: this process cannot fork now.
        seat.failures++;
        const again = Math.max(100, backoff(seat.failures, Math.random()));
        this.#options.log.error(
          { err: error },
          `cannot fork a worker: ${(error as Error).message}; next try in ${again} ms`,
        );
        this.#respawnIn(seat, again);
      }
    }, delay);
  }

  async #stop(force: boolean): Promise<void> {
    this.#startup.cancel();
    for (const seat of this.seats) {
      clearTimeout(seat.respawn);
      if (!seat.isAlive) seat.state = 'dead';
    }
    const { balancer, log, killTimeout } = this.#options;
    const deadline = Date.now() + killTimeout;
    if (!force && balancer !== undefined) {
      // A failure here may cost connections still in a queue; it must not keep the fleet from ending.
      await emptyQueues(balancer, killTimeout / 2).catch((error: Error) =>
        log.error({ err: error }, error.message),
      );
    }
    for (const seat of this.seats) if (seat.isAlive) this.#drain(seat, deadline);
    await this.#allDead();
    balancer?.close();
    cluster.off('listening', this.#onListening);
    cluster.off('exit', this.#onExit);
    this.emit('stop');
  }

  #drain(seat: Seat, deadline = Date.now() + this.#options.killTimeout): void {
    const { worker } = seat;
    if (worker === undefined || seat.state === 'draining') return;
    const { balancer } = this.#options;
    const handle = balancer?.workerHandle(worker);
    if (balancer !== undefined && handle !== undefined) balancer.drain(handle);
    else worker.disconnect();
    this.#setState(seat, 'draining');
    seat.kill = setTimeout(
      () => {
        const { killTimeout } = this.#options;
        this.#options.log.warn(
          { worker: worker.id, pid: worker.process.pid, killTimeout },
          `${seat.label} did not end within ${killTimeout} ms: killed`,
        );
        killHard(worker);
      },
      Math.max(0, deadline - Date.now()),
    );
  }

  #killAll(): void {
    for (const seat of this.seats) if (seat.isAlive) killHard(seat.worker);
  }

  async #allDead(): Promise<void> {
    while (this.seats.some((seat) => seat.isAlive)) {
      await new Promise<void>((resolve) => this.once('worker', () => resolve()));
    }
  }

  #setState(seat: Seat, state: Seat['state']): void {
    seat.state = state;
    this.emit('worker', seat);
  }
}

function factsOf({ worker, startedAt }: Seat): object {
  return { worker: worker?.id, pid: worker?.process.pid, uptime: Date.now() - startedAt };
}

/** Node keeps the handle of a spawn that failed for EMFILE, with pid 0: its kill() would end this whole
 * process group. */
function killHard(worker: Worker | undefined): void {
  if (worker?.process.pid) worker.process.kill('SIGKILL');
}
