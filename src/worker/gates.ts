import type { Server } from 'node:net';
import { binding, type Gatekeeper, type NativeLoadTable, type Shared } from '../binding.js';

/** Failures to accept come in storms, twenty a second: one warning in so many ms. */
const ERROR_INTERVAL = 10_000;

interface Gate {
  number: number;
  isFull: boolean;
}

/** The listening sockets this worker shares through gates. */
export class Gates {
  readonly #table: NativeLoadTable;
  readonly #slot: number;
  readonly #bell: Shared;
  readonly #onError: (error: NodeJS.ErrnoException) => void;
  readonly #gates = new Map<Server, Gate>();
  /** Made on first use; null: this worker cannot have gates. */
  #keeper: Gatekeeper | null | undefined;

  /** `takeBell`: what the watchdog rings. */
  constructor(
    table: NativeLoadTable,
    slot: number,
    takeBell: Shared,
    onError: (error: NodeJS.ErrnoException) => void,
  ) {
    this.#table = table;
    this.#slot = slot;
    this.#bell = takeBell;
    let last = Number.NEGATIVE_INFINITY;
    this.#onError = (error) => {
      if (performance.now() - last < ERROR_INTERVAL) return;
      last = performance.now();
      onError(error);
    };
  }

  /** False, and said once, where this worker's loop cannot be polled exclusively though the primary's can. */
  canShare(): boolean {
    if (this.#keeper !== undefined) return this.#keeper !== null;
    try {
      this.#keeper = new (binding().Gatekeeper)(this.#table, this.#slot, this.#bell, this.#onError);
    } catch (error) {
      this.#keeper = null;
      this.#onError(error as NodeJS.ErrnoException);
    }
    return this.#keeper !== null;
  }

  /** `onConnection` owns the fd it is given. The gate lives until close(); the server's own handle is what
   * keeps the process alive, and what ref() and unref() are about. */
  share(
    gate: { number: number; takeSocket: number },
    server: Server,
    onConnection: (fd: number) => void,
  ): void {
    const keeper = this.#keeper;
    if (!keeper) throw new Error('share() without canShare()');
    const { number, takeSocket } = gate;
    keeper.listen(takeSocket, number, onConnection);
    this.#gates.set(server, { number, isFull: false });
  }

  /** Its server closes. Nothing where it has no gate. */
  close(server: Server): void {
    const gate = this.#gates.get(server);
    if (gate === undefined) return;
    this.#gates.delete(server);
    this.#keeper?.close(gate.number);
  }

  /** A full server leaves the connections to the others; when all are full, the watchdog gives one of them
   * the next connection nevertheless, and that server drops it and says so, as it would alone. */
  onLoad(server: Server, isFull: boolean): void {
    const gate = this.#gates.get(server);
    if (gate === undefined || gate.isFull === isFull) return;
    gate.isFull = isFull;
    this.#keeper?.withdraw(gate.number, isFull);
  }
}
