import type { SocketAddress } from '../binding.js';
import type { Question } from '../messages.js';
import { GateNumbers } from './gate-numbers.js';
import { addressKey, Listener, type Provision } from './listener.js';
import { Orphans } from './orphans.js';
import type { WorkerHandle } from './worker-handle.js';

export interface ListenersOptions {
  provision: Omit<Provision, 'gate'>;
  /** Milliseconds a listener waits for a next worker before its port is given up. */
  orphanTimeout: number;
  /** Nobody came in that time. */
  onGivenUp: (address: SocketAddress) => void;
  /** Every gate has its listener; this one does without. */
  onNoGate: (address: SocketAddress) => void;
}

/** Every address the fleet listens on. */
export class Listeners implements Iterable<Listener> {
  readonly #options: ListenersOptions;
  readonly #all = new Set<Listener>();
  /** The one a further worker joins, by address. */
  readonly #byAddress = new Map<string, Listener>();
  readonly #orphans: Orphans;
  /** Which listener a lease was of, as long as connections under it may still come back. */
  readonly #leases = new Map<number, Listener>();
  readonly #gates = new GateNumbers();

  constructor(options: ListenersOptions) {
    this.#options = options;
    this.#orphans = new Orphans(options.orphanTimeout, (listener) => {
      options.onGivenUp(listener.address);
      this.close(listener);
    });
  }

  [Symbol.iterator](): IterableIterator<Listener> {
    return this.#all[Symbol.iterator]();
  }

  /** The one the worker can join. One that listens twice on an address gets what a process would: a second bind,
   * which fails. */
  find(worker: WorkerHandle, question: Question): Listener | undefined {
    const known = this.#byAddress.get(addressKey(question));
    if (known === undefined || known.has(worker)) return undefined;
    this.#orphans.remove(known);
    return known;
  }

  /** @throws the system's error where the address cannot be listened on; nothing stays open then. */
  create(question: Question): Listener {
    const gate = this.#gates.next();
    const { provision } = this.#options;
    const key = addressKey(question);
    // Who listens a second time finds the address in use, and not the given sockets once more.
    const given = this.#byAddress.has(key) ? () => undefined : provision.given;
    const listener = new Listener(key, question, { ...provision, given, gate });
    if (listener.gate !== null) this.#gates.take(listener.gate);
    else if (gate === undefined) this.#options.onNoGate(listener.address);
    this.#all.add(listener);
    this.#byAddress.set(listener.key, listener);
    return listener;
  }

  /** Connections under the lease are that listener's. */
  leased(lease: number, listener: Listener): void {
    this.#leases.set(lease, listener);
  }

  /** Whose connections under the lease are, or were; undefined: it is closed. */
  ofLease(lease: number): Listener | undefined {
    return this.#leases.get(lease);
  }

  /** Nothing comes back under these leases any more. */
  forget(leases: readonly number[]): void {
    for (const lease of leases) this.#leases.delete(lease);
  }

  /** Nobody listens on it now: it waits for the next one. */
  orphan(listener: Listener): void {
    this.#orphans.add(listener);
  }

  close(listener: Listener): void {
    this.#orphans.remove(listener);
    this.#all.delete(listener);
    if (this.#byAddress.get(listener.key) === listener) this.#byAddress.delete(listener.key);
    for (const [lease, of] of this.#leases) if (of === listener) this.#leases.delete(lease);
    listener.close();
    if (listener.gate !== null) this.#gates.giveBack(listener.gate);
  }
}
