import { type Acceptor, binding, type ListenSocket, type ListenSocketOptions } from '../binding.js';
import type { Strategy, Surroundings } from './strategy.js';

/** Master round-robin: one socket in the primary, which accepts and passes each connection to a worker.
 * Accepts only while some worker can be sent to; the rest waits in the accept queue. */
export class HandOff implements Strategy {
  readonly socket: ListenSocket;
  readonly gate = null;
  readonly #acceptor: Acceptor;

  constructor(options: ListenSocketOptions, { dispatcher, onError }: Surroundings) {
    const { ListenSocket, Acceptor } = binding();
    this.socket = new ListenSocket(options);
    this.#acceptor = new Acceptor(this.socket, dispatcher, onError);
  }

  add(): undefined {}

  remove(): void {}

  retire(): void {
    this.socket.retire();
  }

  queueLength(): number {
    return this.socket.queueLength();
  }

  close(): void {
    this.#acceptor.close();
    this.socket.close();
  }
}
