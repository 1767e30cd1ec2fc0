import type { Worker } from 'node:cluster';
import { randomInt } from 'node:crypto';
import { binding, type NativeLoadTable, type SelectorMechanism } from '../binding.js';
import type { Returned } from '../link/link.js';
import { MAX_WORKERS, SlotState } from '../load-table.js';
import type { Log } from '../log.js';
import {
  closedKey,
  type DrainOrder,
  isLeavingNotice,
  isQuestion,
  isTermRequest,
  leaseOf,
  type Question,
} from '../messages.js';
import type { PolicyName, StrategyName } from '../strategies/select.js';
import { FreeSlots } from './free-slots.js';
import type { GivenSockets } from './given-sockets.js';
import { Lending } from './lending.js';
import type { DeferAccept, Listener } from './listener.js';
import { Listeners } from './listeners.js';
import { Trouble } from './trouble.js';
import { type Rescue, WorkerHandle } from './worker-handle.js';

export interface BalancerOptions {
  strategy: StrategyName;
  policy: PolicyName;
  mechanism: SelectorMechanism | null;
  log: Log;
  /** Under a supervisor a listener outlives its last worker, so that a restart refuses nobody. */
  supervised: boolean;
  /** Milliseconds a listener waits for a next worker before its port is given up. */
  orphanTimeout: number;
  deferAccept: DeferAccept;
  /** Milliseconds; see StartOptions. */
  stallThreshold: number;
  /** A worker's loop blocks while connections wait for it. */
  onStall?: (worker: WorkerHandle) => void;
  /** It has ended to. */
  onRescue?: (worker: WorkerHandle, rescue: Rescue) => void;
  /** A worker was sent a SIGTERM and asks what to do; supervised ones only. */
  onTerm?: (worker: WorkerHandle) => void;
  /** A worker's process has ended; its slot still says what it did. */
  onEnd?: (worker: WorkerHandle) => void;
  /** Sockets that are there already, for who wants to listen where they do. */
  given?: (question: Question) => GivenSockets | undefined;
  /** Another process accepts from them until takeOver(): nobody is served before. */
  isWaiting?: boolean;
  /** A worker listens on a new address. */
  onListener?: (listener: Listener) => void;
}

/** The primary's accept path: owns the load table, every listener and every worker's link. */
export class Balancer {
  readonly #options: BalancerOptions;
  readonly #table: NativeLoadTable;
  readonly #trouble: Trouble;
  readonly #freeSlots = new FreeSlots();
  readonly #workers = new Map<number, WorkerHandle>();
  readonly #listeners: Listeners;
  readonly #lending: Lending;

  /** @throws the system's error where no load table can be made. */
  constructor(options: BalancerOptions) {
    this.#options = options;
    this.#trouble = new Trouble(options.log, options.supervised);
    const { strategy, policy, mechanism, deferAccept, stallThreshold, orphanTimeout } = options;
    this.#table = new (binding().LoadTable)({ slots: MAX_WORKERS, inKernel: mechanism === 'ebpf' });
    this.#listeners = new Listeners({
      orphanTimeout,
      onGivenUp: (address) => this.#trouble.onGivenUp(address),
      onNoGate: (address) => this.#trouble.onNoGate(address),
      provision: {
        strategy,
        policy,
        mechanism,
        deferAccept,
        stallThreshold,
        table: this.#table,
        given: options.given ?? (() => undefined),
        // Not to be guessed: who could would choose the worker of each of its addresses.
        seed: randomInt(2 ** 47),
        onStall: (...stall) => this.#onStall(...stall),
        onError: (error) => this.#trouble.onAccept(error),
      },
    });
    this.#lending = new Lending({
      listeners: this.#listeners,
      trouble: this.#trouble,
      isWaiting: options.isWaiting ?? false,
      isHere: (handle) => this.#isHere(handle),
      ...(options.onListener && { onListener: options.onListener }),
    });
  }

  get listeners(): Iterable<Listener> {
    return this.#listeners;
  }

  workerHandle(worker: Worker): WorkerHandle | undefined {
    return this.#workers.get(worker.id);
  }

  /** Before a fork: a slot and a link for the worker to come; undefined when no slot is left. */
  prepare(): WorkerHandle | undefined {
    const index = this.#freeSlots.take();
    if (index === undefined) return undefined;
    try {
      return new WorkerHandle(
        this.#table,
        index,
        this.#options.supervised,
        (from, returned) => this.#onReturned(from, returned),
        (from, error) => this.#trouble.onChannel(from, error),
      );
    } catch (error) {
      this.#freeSlots.giveBackUnused(index);
      throw error;
    }
  }

  /** The fork failed. */
  discard(handle: WorkerHandle): void {
    handle.recover();
    handle.close();
    this.#freeSlots.giveBack(handle.slot);
  }

  /** After the fork. Runs before node:cluster's own listeners, so that an application's 'disconnect' or
   * 'exit' listener finds a port already free that ought to be. */
  attach(handle: WorkerHandle, worker: Worker): void {
    handle.worker = worker;
    this.#workers.set(worker.id, handle);
    this.#lending.begin(handle);
    (worker.process as NodeJS.EventEmitter).on('internalMessage', (message: unknown) =>
      this.#trouble.guard(handle, () => this.#onIpc(handle, message)),
    );
    worker.process.prependOnceListener('disconnect', () => this.#leaveAll(handle));
    worker.process.prependOnceListener('exit', () => this.#bury(handle));
    worker.process.once('error', () => {
      if (worker.process.pid === undefined) this.#bury(handle); // never started: no 'exit' comes
    });
    const disconnect = worker.disconnect;
    worker.disconnect = () => {
      // As node:cluster: from here on the worker gets no new connection.
      handle.slot.state = SlotState.draining;
      this.#leaveAll(handle);
      return disconnect.call(worker);
    };
  }

  /** The worker may listen, but gets no connection before release(). Right after its fork. */
  hold(worker: Worker): void {
    const handle = this.workerHandle(worker);
    if (handle !== undefined) handle.isHeld = true;
  }

  /** A held worker is ready: it gets its share of everything it listens on. Nothing where it is not held.
   * @throws the system's error; it has then what it got so far. */
  release(worker: Worker): void {
    const handle = this.workerHandle(worker);
    if (handle !== undefined) this.#lending.release(handle);
  }

  /** A held worker is not to be released: what it alone was promised is closed. */
  dismiss(worker: Worker): void {
    const handle = this.workerHandle(worker);
    if (handle !== undefined) this.#leaveAll(handle);
  }

  /** The worker gets nothing new from here on, and is told to finish and end. */
  drain(handle: WorkerHandle, order: DrainOrder): void {
    handle.slot.state = SlotState.draining;
    for (const [lease, listener] of handle.leases) listener.drain(lease);
    handle.drain(order);
  }

  /** Connections no worker has taken yet, on listeners that have workers to take them. */
  waiting(): number {
    let sum = 0;
    for (const listener of this.#listeners) if (!listener.isEmpty) sum += listener.waiting();
    for (const { lane } of this.#workers.values()) sum += lane.untaken();
    return sum;
  }

  /** No new handshakes on any listener. Returns how long those under way may take, in ms. */
  retire(): number {
    let longest = 0;
    for (const listener of this.#listeners) longest = Math.max(longest, listener.retire());
    return longest;
  }

  /** Another process accepts from the sockets, which has let nobody be served here. */
  get isWaiting(): boolean {
    return this.#lending.isWaiting;
  }

  /** It has let go of them: whoever has been released serves from now on. */
  takeOver(): void {
    this.#lending.takeOver();
  }

  /** Another process, which has the sockets too, is to serve from now on; see Strategy.letGo(). Before drain(). */
  letGo(): void {
    for (const listener of this.#listeners) listener.letGo();
  }

  /** After retire(), when nobody waits any more. */
  shut(): void {
    for (const listener of this.#listeners) listener.shut();
  }

  close(): void {
    for (const listener of [...this.#listeners]) this.#listeners.close(listener);
  }

  #isHere(handle: WorkerHandle): boolean {
    return handle.worker !== undefined && this.#workers.get(handle.worker.id) === handle;
  }

  #onIpc(handle: WorkerHandle, message: unknown): void {
    if (!this.#isHere(handle)) return; // what a worker said last may arrive after its exit
    if (isQuestion(message)) return this.#lending.answer(handle, message);
    if (isLeavingNotice(message)) handle.isEnding = true;
    if (isTermRequest(message)) {
      handle.isEnding = true;
      return this.#options.onTerm?.(handle);
    }
    const key = closedKey(message);
    if (key === undefined) return;
    const lease = leaseOf(key);
    const listener = handle.leases.get(lease);
    if (!listener?.endLease(lease) || !listener.isEmpty) return;
    // One that drains, or is about to end, closes its servers for that: another takes its place.
    if ((handle.isDraining || handle.isEnding) && listener.wasLent) this.#listeners.orphan(listener);
    else this.#listeners.close(listener);
  }

  /** The worker is gone or going; what it leaves may wait for the next one. */
  #leaveAll(handle: WorkerHandle): void {
    for (const [lease, listener] of [...handle.leases]) {
      listener.endLease(lease);
      if (!listener.isEmpty) continue;
      if (this.#options.supervised && listener.wasLent) this.#listeners.orphan(listener);
      else this.#listeners.close(listener);
    }
  }

  #bury(handle: WorkerHandle): void {
    if (this.#isHere(handle)) this.#options.onEnd?.(handle);
    if (handle.worker !== undefined && !this.#workers.delete(handle.worker.id)) return;
    this.#leaveAll(handle);
    for (const returned of handle.link.recover()) this.#offer(returned);
    handle.recover();
    handle.close();
    const forget = (): void => this.#listeners.forget(handle.everLeased);
    // On Node's IPC what it returned last may be heard only now.
    const process = handle.worker?.process;
    if (process?.connected) process.once('disconnect', forget);
    else forget();
    this.#freeSlots.giveBack(handle.slot);
  }

  #onReturned(handle: WorkerHandle, returned: Returned): void {
    handle.lane.returned();
    this.#offer(returned);
  }

  #offer({ lease, fd, hops }: Returned): void {
    const listener = this.#listeners.ofLease(lease);
    // Its listener is closed: so would the connection be in the accept queue of any closed server.
    if (listener === undefined) binding().closeFd(fd);
    else listener.offer(fd, hops, lease);
  }

  #onStall(slot: number, ended: boolean, duration: number, rescued: number): void {
    const handle = [...this.#workers.values()].find((one) => one.slot.index === slot);
    if (handle === undefined) return; // it has died meanwhile
    if (!ended) {
      this.#trouble.onStall(handle);
      this.#options.onStall?.(handle);
      return;
    }
    const rescue = { duration, rescued };
    handle.countStall(rescue);
    this.#trouble.onRescue(handle, rescue);
    this.#options.onRescue?.(handle, rescue);
  }
}
