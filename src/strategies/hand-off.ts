import { type Acceptor, binding, type ListenSocket } from '../binding.js';
import type { Sockets, Strategy, Surroundings } from './strategy.js';

/** A handshake that the kernel defers is completed after a second, RFC 6298's first timeout; and a bit. */
const DEFERRED = 1200;

/** Master round-robin: one socket in the primary, which accepts and passes each connection to a worker.
 * Accepts only while some worker can be sent to; the rest waits in the accept queue. */
export class HandOff implements Strategy {
  readonly socket: ListenSocket;
  readonly gate = null;
  readonly #acceptor: Acceptor;
  readonly #deferAccept: boolean | undefined;
  #isOpen = true;

  /** Accepts nothing before a worker is there to be sent to. */
  constructor([socket]: Sockets, { dispatcher, deferAccept, isWaiting, onError }: Surroundings) {
    this.#deferAccept = deferAccept;
    this.socket = socket;
    if (deferAccept && !isWaiting) socket.deferAccept(true);
    this.#acceptor = new (binding().Acceptor)(socket, dispatcher, onError);
  }

  get sockets(): readonly ListenSocket[] {
    return [this.socket];
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

  letGo(): void {
    this.#isOpen = false;
    this.#acceptor.close();
  }

  takeOver(): void {
    if (this.#deferAccept !== undefined) this.socket.deferAccept(this.#deferAccept);
  }

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
