import type { Worker } from 'node:cluster';
import type { Log } from '../log.js';
import type { Balancer } from './balancer.js';
import { mainThread } from './main-thread.js';
import type { Seat } from './seat.js';
import { type Sign, Silences } from './silences.js';
import { type Look, lookInto } from './stack-of.js';
import type { Supervisor } from './supervisor.js';
import type { WorkerHandle } from './worker-handle.js';

/** A worker whose event loop does not turn. */
export interface Unresponsive {
  /** For how long it has not, in ms. */
  duration: number;
  /** Where its JavaScript is, as in an Error's stack, without the message. */
  stack?: string;
  /** It is killed now: nobody debugs it. */
  killed: boolean;
}

export interface UnresponsiveOptions {
  /** Milliseconds. */
  timeout: number;
  /** Workers are started with Node's inspector: whoever stands still may be looked at. */
  isInspected: boolean;
  supervisor: Supervisor;
  balancer: Balancer;
  log: Log;
}

/** How long it may take to find out where a worker's JavaScript is, ms. */
const LOOK_LIMIT = 2000;

/** Reports and kills workers whose event loop does not turn any more, whatever it is that blocks it.
 *
 * The load table alone does not tell: a loop that sleeps has an old stamp too, and one that blocks in a timer's
 * callback is still marked idle. So each is sent an empty burst, which makes every loop turn that can. */
export class UnresponsiveWorkers {
  readonly #options: UnresponsiveOptions;
  readonly #silences: Silences<Worker>;
  readonly #timer: NodeJS.Timeout;
  /** The stamps of those that were seen to. */
  readonly #reported = new WeakMap<Worker, bigint>();

  /** Begins to look. */
  constructor(options: UnresponsiveOptions) {
    this.#options = options;
    this.#silences = new Silences(options.timeout);
    this.#timer = setInterval(() => this.#look(), this.#silences.interval);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Those that serve: what starts has `listenTimeout`, and what drains `killTimeout`. */
  #look(): void {
    const { supervisor, balancer } = this.#options;
    const watched = new Map<Worker, { seat: Seat; handle: WorkerHandle; stamp: bigint }>();
    const signs: [Worker, Sign][] = [];
    for (const seat of supervisor.seats) {
      const { worker, state } = seat;
      if (worker === undefined || state !== 'ready') continue;
      const handle = balancer.workerHandle(worker);
      if (handle === undefined) continue;
      const { stamp } = handle.slot.read();
      watched.set(worker, { seat, handle, stamp });
      signs.push([worker, { stamp, thread: mainThread(worker.process.pid ?? 0) }]);
    }
    const silent = this.#silences.look(performance.now(), signs);
    for (const [worker, { seat, handle, stamp }] of watched) {
      handle.lane.nudge();
      const duration = silent.get(worker);
      if (duration === undefined || this.#reported.get(worker) === stamp) continue;
      this.#reported.set(worker, stamp);
      void this.#see(worker, seat, () => handle.slot.read().stamp === stamp, Math.round(duration));
    }
  }

  async #see(worker: Worker, seat: Seat, isSilent: () => boolean, duration: number): Promise<void> {
    const { isInspected, supervisor, log } = this.#options;
    const look = await lookInto(worker.process.pid ?? 0, LOOK_LIMIT);
    try {
      // It has died or is to end; that is said elsewhere.
      if (seat.worker !== worker || seat.state !== 'ready') return;
      const silence = `${seat.label}: its event loop has not turned for ${duration} ms`;
      const facts = { worker: worker.id, pid: worker.process.pid, duration, ...stackIn(look) };
      if (!isSilent()) return log.warn(facts, `${silence}; now it turns again${where(look)}`);
      const killed = !isInspected && !look.isDebugged;
      supervisor.emit('unresponsive', seat, { duration, killed, ...stackIn(look) });
      if (!killed)
        return log.warn(facts, `${silence}; not killed, since it may be in a debugger${where(look)}`);
      log.error(facts, `${silence}: killed${where(look)}`);
      seat.signal('SIGKILL');
    } finally {
      look.end();
    }
  }
}

function stackIn({ stack }: Look): { stack?: string } {
  return stack === undefined ? {} : { stack };
}

function where({ stack, why }: Look): string {
  return stack === undefined ? `. Where it is cannot be said: ${why}` : `. It is\n${stack}`;
}
