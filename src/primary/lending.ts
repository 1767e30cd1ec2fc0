import { constants } from 'node:os';
import { binding } from '../binding.js';
import { SlotState } from '../load-table.js';
import { leaseKey, type Question } from '../messages.js';
import type { Listener } from './listener.js';
import type { Listeners } from './listeners.js';
import type { Trouble } from './trouble.js';
import type { WorkerHandle } from './worker-handle.js';

/** Where a port lingers, a listen() that finds it in use is tried so often again, with so many ms between. */
const LINGER_TRIES = 10;
const LINGER_INTERVAL = 100;

export interface LendingOptions {
  listeners: Listeners;
  trouble: Trouble;
  /** Another process accepts from the sockets there are, until takeOver(): every worker is held till then. */
  isWaiting: boolean;
  /** The worker's process has not ended. */
  isHere: (handle: WorkerHandle) => boolean;
  /** A worker listens on a new address. */
  onListener?: (listener: Listener) => void;
}

/** Answers workers that want to listen: each gets a lease, and with it a share of the listener at once or, held, when
 * it is released. */
export class Lending {
  readonly #options: LendingOptions;
  #isWaiting: boolean;
  /** Released before takeOver(). */
  readonly #released = new Set<WorkerHandle>();
  #lastLease = 0;

  constructor(options: LendingOptions) {
    this.#options = options;
    this.#isWaiting = options.isWaiting;
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** A new worker. */
  begin(handle: WorkerHandle): void {
    if (this.#isWaiting) handle.isHeld = true;
  }

  /** A held worker is ready: it gets its share of everything it listens on. Nothing where it is not held.
   * @throws the system's error; it has then what it got so far. */
  release(handle: WorkerHandle): void {
    if (!handle.isHeld) return;
    if (this.#isWaiting) {
      this.#released.add(handle);
      return;
    }
    handle.isHeld = false;
    handle.slot.state = SlotState.ready;
    for (const [lease, listener] of handle.leases) {
      const socket = listener.lend(lease, handle);
      if (socket !== undefined)
        handle.lend(lease, { gate: listener.gate, backlog: listener.backlog }, socket);
      if (handle.adopted.has(lease)) listener.open(lease, handle);
    }
  }

  /** The process that had the sockets before has let go of them: those that are ready serve. */
  takeOver(): void {
    const { listeners, trouble, isHere } = this.#options;
    this.#isWaiting = false;
    for (const listener of listeners) {
      try {
        listener.takeOver();
      } catch (error) {
        trouble.onTakeOver(listener.address, error as NodeJS.ErrnoException);
      }
    }
    for (const handle of [...this.#released].filter(isHere)) {
      try {
        this.release(handle);
      } catch (error) {
        // As in a rolling restart: another takes its place.
        trouble.onRelease(handle, error as NodeJS.ErrnoException);
        handle.worker?.process.kill('SIGKILL');
      }
    }
    this.#released.clear();
  }

  answer(handle: WorkerHandle, question: Question, tries = LINGER_TRIES): void {
    const { listeners, onListener, isHere } = this.#options;
    if (!isHere(handle)) return;
    // As node:cluster: a worker that is to end gets none.
    if (handle.worker?.exitedAfterDisconnect || handle.isDraining) return;
    const lease = ++this.#lastLease;
    const known = listeners.find(handle, question);
    let listener = known;
    try {
      listener ??= listeners.create(question);
      this.#lend(listener, handle, lease, question.seq);
    } catch (error) {
      listener?.endLease(lease);
      if (listener?.isEmpty) listeners.close(listener);
      if (tries > 0 && mayBeFreeSoon(error as NodeJS.ErrnoException)) {
        const again = (): void => this.answer(handle, question, tries - 1);
        setTimeout(() => this.#options.trouble.guard(handle, again), LINGER_INTERVAL);
        return;
      }
      return this.#refuse(handle, lease, question.seq, error as NodeJS.ErrnoException);
    }
    if (!handle.isHeld) handle.slot.state = SlotState.ready;
    if (known === undefined) onListener?.(listener);
  }

  #lend(listener: Listener, handle: WorkerHandle, lease: number, seq: number): void {
    const { data, address, gate, noDelay } = listener;
    const answer = { seq, errno: 0, key: leaseKey(lease), data, sockname: address, gate, noDelay };
    if (handle.isHeld) listener.promise(lease, handle);
    const socket = handle.isHeld ? undefined : listener.lend(lease, handle);
    this.#options.listeners.leased(lease, listener);
    handle.everLeased.push(lease);
    handle.answer(lease, answer, socket, () => {
      handle.adopted.add(lease);
      if (!handle.isHeld) listener.open(lease, handle);
    });
  }

  /** A failure that is not the system's (data that JSON cannot carry, say) must not end the primary: the
   * worker's server gets EINVAL, and the log what it was. */
  #refuse(handle: WorkerHandle, lease: number, seq: number, error: NodeJS.ErrnoException): void {
    const { trouble } = this.#options;
    trouble.onListen(handle, error);
    const errno = error.errno ?? -constants.errno.EINVAL;
    try {
      const none = { data: null, sockname: null, gate: null, noDelay: false };
      handle.answer(lease, { seq, errno, key: leaseKey(lease), ...none });
    } catch (broken) {
      trouble.onChannel(handle, broken as NodeJS.ErrnoException);
    }
  }
}

function mayBeFreeSoon({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EADDRINUSE' && binding().portLingers;
}
