import type { ListenSocket } from '../binding.js';
import type { Sockets, Strategy } from './strategy.js';

/** Handle passing: one socket, which every worker borrows and accepts from. A worker's death leaves the
 * queue to the others. */
export class SharedHandle implements Strategy {
  readonly socket: ListenSocket;
  readonly gate = null;
  /** No new handshake comes: it may stay open. */
  refuses = false;
  #isOpen = true;

  constructor([socket]: Sockets) {
    this.socket = socket;
  }

  get sockets(): readonly ListenSocket[] {
    return [this.socket];
  }

  add(): ListenSocket {
    return this.socket;
  }

  drain(): void {}

  remove(): void {}

  retire(): number {
    this.refuses = this.socket.retire();
    // Somebody else goes on listening: what waits there when we end waits for the next one.
    if (this.socket.isOthers()) this.#isOpen = false;
    return 0;
  }

  /** The workers have their own descriptors of the socket, and close them. */
  shut(): void {
    if (!this.refuses) this.close();
  }

  letGo(): void {
    this.#isOpen = false;
  }

  takeOver(): void {}

  queueLength(): number {
    return this.#isOpen ? this.socket.queueLength() : 0;
  }

  close(): void {
    this.#isOpen = false;
    this.socket.close();
  }
}
