import { type Acceptor, binding, type ListenSocket, type ListenSocketOptions } from '../binding.js';
import type { Strategy, Surroundings } from './strategy.js';

/** A handshake that the kernel defers is completed after a second, RFC 6298's first timeout; and a bit. */
const DEFERRED = 1200;

/** Master round-robin: one socket in the primary, which accepts and passes each connection to a worker.
 * Accepts only while some worker can be sent to; the rest waits in the accept queue. */
export class HandOff implements Strategy {
  readonly socket: ListenSocket;
  readonly gate = null;
  readonly #acceptor: Acceptor;
  readonly #deferAccept: boolean;
  #isOpen = true;

  constructor(options: ListenSocketOptions, { dispatcher, deferAccept, onError }: Surroundings) {
    const { ListenSocket, Acceptor } = binding();
    this.#deferAccept = deferAccept;
    this.socket = new ListenSocket(options);
    try {
      if (deferAccept) this.socket.deferAccept(true);
      this.#acceptor = new Acceptor(this.socket, dispatcher, onError);
    } catch (error) {
      this.socket.close();
      throw error;
    }
  }

  add(): undefined {}

  drain(): void {}

  remove(): void {}

  retire(): number {
    if (this.#deferAccept) this.socket.deferAccept(false);
    // Where new handshakes cannot be refused, what is in the queue waits here instead.
    if (!this.socket.retire()) this.#finish();
    return this.#deferAccept ? DEFERRED : 0;
  }

  shut(): void {}

  queueLength(): number {
    return this.#isOpen ? this.socket.queueLength() : 0;
  }

  close(): void {
    this.#isOpen = false;
    this.#acceptor.close();
    this.socket.close();
  }

  /** Whoever connects between the two is reset. */
  #finish(): void {
    this.#acceptor.finish();
    this.socket.close();
    this.#isOpen = false;
  }
}
