import type { Socket } from 'node:net';
import { Lines } from './lines.js';
import { LONGEST_REQUEST } from './protocol.js';

/** Milliseconds. */
export interface Deadlines {
  /** Without a request; and for an answer to be made after close(). */
  idle: number;
  /** From a request's first byte to its last. */
  request: number;
  /** For the client to take an answer. */
  answer: number;
}

export interface Handlers {
  /** A line came: the answer to it. Never rejects. */
  answer(line: string): Promise<Reply>;
  /** The answer to a line that is too long. */
  tooLong(): string;
  onClose(): void;
}

export interface Reply {
  text: string;
  /** Nothing more is read from this client. */
  isLast: boolean;
}

/** One client of the control socket. Its requests are answered one after another: it is not read while one is under
 * way, nor while it has not taken the answer, so that what it can have us keep is bounded. */
export class Connection {
  readonly #socket: Socket;
  readonly #handlers: Handlers;
  readonly #deadlines: Deadlines;
  readonly #lines = new Lines(LONGEST_REQUEST);
  #timer: NodeJS.Timeout | undefined;
  #timed: keyof Deadlines | undefined;
  #isAnswering = false;
  /** The client sends no more. */
  #hasEnded = false;
  /** It gets the answer under way, and no other. */
  #isClosing = false;

  /** @param socket made with allowHalfOpen */
  constructor(socket: Socket, handlers: Handlers, deadlines: Deadlines) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#deadlines = deadlines;
    socket.on('data', (chunk: Buffer) => {
      this.#lines.push(chunk);
      this.#advance();
    });
    socket.on('end', () => {
      this.#hasEnded = true;
      this.#advance();
    });
    socket.on('error', () => socket.destroy()); // a client that broke off: nobody is there to be told
    socket.on('close', () => {
      this.#isClosing = true;
      this.#limit(undefined);
      handlers.onClose();
    });
    this.#limit('idle');
  }

  /** After the answer under way, if there is one. */
  close(): void {
    this.#isClosing = true;
    if (!this.#isAnswering) this.#socket.destroy();
    else if (this.#timed !== 'answer') this.#limit('idle'); // it is still to be made
  }

  #advance(): void {
    if (this.#isAnswering || this.#isClosing) return;
    const next = this.#lines.next();
    if (next === 'too long') return this.#send({ text: this.#handlers.tooLong(), isLast: true });
    if (next !== undefined) return this.#answer(next.line);
    if (this.#hasEnded) this.#socket.destroy();
    else this.#await(this.#lines.hasBegun ? 'request' : 'idle');
  }

  #answer(line: string): void {
    this.#isAnswering = true;
    this.#socket.pause();
    this.#limit(undefined);
    void this.#handlers.answer(line).then((reply) => this.#send(reply));
  }

  #send({ text, isLast }: Reply): void {
    this.#isAnswering = true;
    this.#limit('answer');
    if (isLast || this.#isClosing) {
      this.#socket.end(text, () => this.#socket.destroy());
      return;
    }
    // On the loop's next turn: other clients come in between, however many requests this one sends at once.
    this.#socket.write(text, () => setImmediate(() => this.#resume()));
  }

  #resume(): void {
    this.#isAnswering = false;
    if (this.#isClosing || this.#socket.destroyed) {
      this.#socket.destroy();
      return;
    }
    this.#limit(undefined);
    this.#socket.resume();
    this.#advance();
  }

  /** The time a client has for its request does not begin anew with each byte. */
  #await(what: keyof Deadlines): void {
    if (this.#timed !== what) this.#limit(what);
  }

  #limit(what: keyof Deadlines | undefined): void {
    clearTimeout(this.#timer);
    this.#timed = what;
    if (what === undefined) return;
    this.#timer = setTimeout(() => this.#socket.destroy(), this.#deadlines[what]);
    this.#timer.unref();
  }
}
