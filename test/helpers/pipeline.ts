import type net from 'node:net';

/** A client that sends requests without waiting for the answers. */
export class Pipeline {
  readonly #socket: net.Socket;
  /** Since the last send(). */
  received = '';
  #wake: () => void = () => {};
  isClosed = false;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.received += text;
      this.#wake();
    });
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  /** The Connection headers of the answers that came to `requests`, sent in pieces. */
  async send(...pieces: string[]): Promise<string[]> {
    this.received = '';
    const count = pieces.join('').match(/ HTTP\/1\.1\r\n/g)?.length ?? 0;
    for (const piece of pieces) {
      this.#socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 5)); // to come as a piece of its own
    }
    const answers = () =>
      [...this.received.matchAll(/^Connection: ([\w-]+)/gim)].map(([, how]) => how as string);
    while (answers().length < count && !this.isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return answers();
  }
}
