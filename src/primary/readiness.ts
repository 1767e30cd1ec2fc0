import cluster, { type Address, type Worker } from 'node:cluster';
import type { Log } from '../log.js';
import { closedAddress, closedKey, isReadyMessage, leaseOf } from '../messages.js';
import type { Balancer } from './balancer.js';
import { addressOf, type Seat } from './seat.js';

export interface ReadinessOptions {
  /** A worker is ready when it has said so, and not when it listens. */
  waitReady: boolean;
  /** Undefined where node:cluster itself serves. */
  balancer: Balancer | undefined;
  log: Log;
}

/** When workers are ready: hears where they listen, and what they say. One that is to replace another listens wherever
 * that one does first, and has no connection before. */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #seats: () => readonly Seat[];
  readonly #onReady: (seat: Seat) => void;
  readonly #onListening = (worker: Worker, address: Address): void => this.#handleListening(worker, address);
  readonly #onMessage = (worker: Worker, message: unknown): void => {
    if (message === 'ready') this.#handleReady(worker); // as PM2 has it
  };

  constructor(options: ReadinessOptions, seats: () => readonly Seat[], onReady: (seat: Seat) => void) {
    this.#options = options;
    this.#seats = seats;
    this.#onReady = onReady;
  }

  open(): void {
    cluster.on('listening', this.#onListening);
    cluster.on('message', this.#onMessage);
  }

  close(): void {
    cluster.off('listening', this.#onListening);
    cluster.off('message', this.#onMessage);
  }

  /** One that has just been forked. Its messages are seen before the balancer's turn, which forgets the lease of a
   * server that was closed. */
  watch(worker: Worker): void {
    (worker.process as NodeJS.EventEmitter).prependListener('internalMessage', (message: unknown) => {
      if (isReadyMessage(message)) this.#handleReady(worker);
      const key = closedKey(message);
      if (key !== undefined) this.#handleClosed(worker, key);
    });
  }

  /** Whoever is to replace it may wait for nothing more. */
  settleHeirs(seat: Seat): void {
    for (const heir of this.#seats()) if (heir.replaces === seat) this.#settle(heir);
  }

  #find(worker: Worker): Seat | undefined {
    return this.#seats().find((seat) => seat.worker === worker);
  }

  #handleListening(worker: Worker, address: Address): void {
    const seat = this.#find(worker);
    seat?.addresses.add(addressOf(address));
    this.#settle(seat);
  }

  /** It has closed a server: whoever replaces it need not listen there. One that drains was told to. */
  #handleClosed(worker: Worker, key: string): void {
    const seat = this.#find(worker);
    if (seat === undefined || seat.state === 'draining') return;
    const address = this.#leasedAddress(worker, leaseOf(key)) ?? closedAddress(key);
    if (address === undefined) return;
    seat.addresses.delete(addressOf(address));
    this.settleHeirs(seat);
  }

  #leasedAddress(worker: Worker, lease: number): Address | undefined {
    const listener = this.#options.balancer?.workerHandle(worker)?.leases.get(lease);
    if (listener === undefined) return undefined;
    const { address, family, port } = listener.address;
    return { address, port, addressType: family === 'IPv6' ? 6 : 4 };
  }

  #handleReady(worker: Worker): void {
    const seat = this.#find(worker);
    if (seat !== undefined) seat.saidReady = true;
    this.#settle(seat);
  }

  /** Whether it is ready now. */
  #settle(seat: Seat | undefined): void {
    if (seat?.state !== 'starting' || seat.worker === undefined) return;
    if (seat.isLeaving || seat.failure !== undefined) return; // its signal is on the way
    const { waitReady, balancer, log } = this.#options;
    if (waitReady ? !seat.saidReady : seat.addresses.size === 0) return;
    if (seat.missing.length > 0) return;
    try {
      balancer?.release(seat.worker);
    } catch (error) {
      seat.failure = `it cannot be given what it listens on: ${(error as Error).message}`;
      log.error({ err: error }, `${seat.label} is killed: ${seat.failure}`);
      return seat.signal('SIGKILL');
    }
    seat.replaces = undefined;
    this.#onReady(seat);
  }
}
