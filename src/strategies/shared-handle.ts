import { binding, type ListenSocket, type ListenSocketOptions } from '../binding.js';
import type { Strategy } from './strategy.js';

/** Handle passing: one socket, which every worker borrows and accepts from. A worker's death leaves the
 * queue to the others. */
export class SharedHandle implements Strategy {
  readonly socket: ListenSocket;
  readonly gate = null;
  /** No new handshake comes: it may stay open. */
  refuses = false;
  /** Somebody else goes on listening on it: what waits there when we end waits for the next one. */
  readonly #isOthers: boolean;
  #isOpen = true;

  constructor(options: ListenSocketOptions) {
    this.#isOthers = options.takeFd !== undefined;
    this.socket = new (binding().ListenSocket)(options);
  }

  add(): ListenSocket {
    return this.socket;
  }

  drain(): void {}

  remove(): void {}

  retire(): number {
    this.refuses = this.socket.retire();
    if (this.#isOthers) this.#isOpen = false;
    return 0;
  }

  /** The workers have their own descriptors of the socket, and close them. */
  shut(): void {
    if (!this.refuses) this.close();
  }

  queueLength(): number {
    return this.#isOpen ? this.socket.queueLength() : 0;
  }

  close(): void {
    this.#isOpen = false;
    this.socket.close();
  }
}
