import type { Duplex } from 'node:stream';
import { Lines } from '../control/lines.js';

/** Bytes. A manifest has TLS ticket keys, and whatever else applications share. */
const LONGEST_MESSAGE = 1024 * 1024;

export interface ChannelEvents {
  /** What it is, is for the receiver to find out. */
  onMessage: (message: unknown) => void;
  /** The other end is closed, or has said what is no message. Once. */
  onEnd: () => void;
}

/** A primary's end of a conversation with the one that takes its place. */
export class TakeoverChannel<Sent> {
  readonly #stream: Duplex;
  readonly #lines = new Lines(LONGEST_MESSAGE);
  #isOver = false;

  constructor(stream: Duplex, { onMessage, onEnd }: ChannelEvents) {
    this.#stream = stream;
    const end = (): void => {
      stream.destroy();
      if (this.#isOver) return;
      this.#isOver = true;
      onEnd();
    };
    stream.on('data', (chunk: Buffer) => {
      this.#lines.push(chunk);
      while (!this.#isOver) {
        const next = this.#lines.next();
        if (next === undefined) return;
        const message = next === 'too long' ? undefined : parse(next.line);
        if (message === undefined) return end();
        onMessage(message);
      }
    });
    // A process that dies resets it: 'close' says all there is to know.
    stream.on('error', () => {});
    stream.on('end', end);
    stream.on('close', end);
  }

  send(message: Sent): void {
    if (!this.#isOver) this.#stream.write(`${JSON.stringify(message)}\n`);
  }

  /** What was sent still arrives. onEnd() is not called. */
  close(): void {
    this.#isOver = true;
    this.#stream.end();
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) ?? undefined;
  } catch {
    return undefined;
  }
}
