import type { SocketAddress } from '../binding.js';
import type { Log } from '../log.js';
import { GATES } from './gate-numbers.js';
import type { Rescue, WorkerHandle } from './worker-handle.js';

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there. Stop it, or choose another port.',
  EACCES: 'not allowed. Choose a port from 1024 up, run as root, or grant CAP_NET_BIND_SERVICE.',
  EADDRNOTAVAIL: 'not an address of this machine.',
  EMFILE: 'too many open files in the primary. Raise the limit (ulimit -n).',
  ENFILE: 'too many open files on this machine. Raise fs.file-max.',
};

/** Accept failures come in storms: one line in so many ms. */
const ACCEPT_INTERVAL = 10_000;
/** One whose loop has not turned for so long, in ms, may never: that is said before it does. */
const LONG_STALL = 1000;
/** A worker with slow requests may block many times a second: one line in so many ms for each. */
const STALL_INTERVAL = 10_000;
/** A worker that writes garbage may write much of it: one line in so many ms for each. */
const CHANNEL_INTERVAL = 1000;

interface Stalls {
  said: number;
  /** Since then. */
  count: number;
  longest: number;
  rescued: number;
}

/** Says what goes wrong on the accept path, without a flood. */
export class Trouble {
  readonly #log: Log;
  readonly #supervised: boolean;
  /** Said already: every worker of a fleet meets the same one. */
  readonly #listenFailures = new Set<string>();
  readonly #lastChannelFailure = new WeakMap<WorkerHandle, number>();
  readonly #longStalls = new WeakMap<WorkerHandle, NodeJS.Timeout>();
  readonly #stalls = new WeakMap<WorkerHandle, Stalls>();
  /** By what was said: one kind of failure does not hide another. */
  readonly #lastAcceptFailures = new Map<string, number>();

  constructor(log: Log, supervised: boolean) {
    this.#log = log;
    this.#supervised = supervised;
  }

  /** The worker's server gets the system's errors too; under a supervisor nobody may be looking at that. */
  onListen(worker: WorkerHandle, error: NodeJS.ErrnoException): void {
    const { message, code = '' } = error;
    const isSystem = error.errno !== undefined;
    if ((isSystem && !this.#supervised) || this.#listenFailures.has(message)) return;
    this.#listenFailures.add(message);
    this.#log.error({ code, worker: worker.worker?.id }, withHint(message, code));
  }

  /** A socket that another process had cannot be used as it should be. */
  onTakeOver({ address, port }: SocketAddress, { message, code = '' }: NodeJS.ErrnoException): void {
    this.#log.error(
      { address, port, code },
      `${address}:${port} is not quite taken over: ${withHint(message, code)}`,
    );
  }

  /** A worker that is ready cannot get its share of what it listens on. */
  onRelease(worker: WorkerHandle, error: Error): void {
    this.#log.error({ err: error }, `${worker.label} cannot be given what it listens on: killed`);
  }

  /** Whatever a worker says must not end the primary. */
  guard(worker: WorkerHandle, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.onChannel(worker, error as NodeJS.ErrnoException);
    }
  }

  /** A worker's loop does not turn, and connections wait for it. */
  onStall(worker: WorkerHandle): void {
    clearTimeout(this.#longStalls.get(worker));
    const timer = setTimeout(() => {
      if (worker.worker?.isDead() !== false) return;
      this.#log.warn(
        { worker: worker.worker.id, pid: worker.worker.process.pid },
        `${worker.label}: its event loop has not turned for a second; what waits for it goes to other workers`,
      );
    }, LONG_STALL);
    timer.unref();
    this.#longStalls.set(worker, timer);
  }

  /** It turns again. */
  onRescue(worker: WorkerHandle, { duration, rescued }: Rescue): void {
    clearTimeout(this.#longStalls.get(worker));
    const now = performance.now();
    const stalls = this.#stalls.get(worker) ?? {
      said: Number.NEGATIVE_INFINITY,
      count: 0,
      longest: 0,
      rescued: 0,
    };
    this.#stalls.set(worker, stalls);
    stalls.count++;
    stalls.longest = Math.max(stalls.longest, duration);
    stalls.rescued += rescued;
    if (now - stalls.said < STALL_INTERVAL) return;
    const facts = {
      worker: worker.worker?.id,
      pid: worker.worker?.process.pid,
      stalls: stalls.count,
      duration: Math.round(stalls.longest),
      rescued: stalls.rescued,
    };
    const times = stalls.count === 1 ? '' : `${stalls.count} times, at longest `;
    this.#log.warn(
      facts,
      `${worker.label}: its event loop did not turn ${times}for ${facts.duration} ms while connections waited for it; ${stalls.rescued} of them went to other workers`,
    );
    Object.assign(stalls, { said: now, count: 0, longest: 0, rescued: 0 });
  }

  /** The primary could not accept, or not keep a selector program current. It goes on trying. */
  onAccept(error: NodeJS.ErrnoException): void {
    const { message, code = '' } = error;
    const what = error.syscall?.startsWith('accept')
      ? 'the primary cannot accept, and tries again'
      : 'the primary cannot say who shall get connections, and tries again';
    const now = performance.now();
    if (now - (this.#lastAcceptFailures.get(what) ?? Number.NEGATIVE_INFINITY) < ACCEPT_INTERVAL) return;
    this.#lastAcceptFailures.set(what, now);
    this.#log.error({ code }, `${what}: ${withHint(message, code)}`);
  }

  /** No worker has come in time. */
  onGivenUp({ address, port }: SocketAddress): void {
    this.#log.warn({ address, port }, `no worker listens on ${address}:${port} any more: closed`);
  }

  /** Every gate has its listener; this one does without. */
  onNoGate({ address, port }: SocketAddress): void {
    this.#log.warn(
      { address, port },
      `${address}:${port} is shared without a gate, since ${GATES} other listeners have them all: whichever worker wakes first accepts, and long-lived connections spread unevenly`,
    );
  }

  onChannel(worker: WorkerHandle, error: NodeJS.ErrnoException): void {
    const now = performance.now();
    if (now - (this.#lastChannelFailure.get(worker) ?? Number.NEGATIVE_INFINITY) < CHANNEL_INTERVAL) return;
    this.#lastChannelFailure.set(worker, now);
    const { message, code } = error;
    this.#log.warn({ code, worker: worker.worker?.id }, `channel of ${worker.label}: ${message}`);
  }
}

function withHint(message: string, code: string): string {
  const hint = HINTS[code];
  return hint === undefined ? message : `${message}: ${hint}`;
}
