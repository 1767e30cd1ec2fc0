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
    this.socket.retire();
    return this.#deferAccept ? DEFERRED : 0;
  }

  queueLength(): number {
    return this.socket.queueLength();
  }

  close(): void {
    this.#acceptor.close();
    this.socket.close();
  }
}
