import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { SocketAddress } from '../binding.js';
import type { TcpAddress } from '../health/address.js';
import type { Log } from '../log.js';

/** Milliseconds for a connection: whoever asks reads the answer and goes. */
const TIME_LIMIT = 5000;
/** Bytes of what it sends (`agent-send`, say). They are read and ignored: a close with bytes unread is a reset, which may
 * overtake the answer. */
const SIZE_LIMIT = 4096;
/** A further connection takes the place of the oldest one, which has had its answer. */
const MAX_CONNECTIONS = 64;
const LOG_INTERVAL = 10_000;

/** A TCP server in the primary that tells everybody who connects one line, and closes. Slow, many or talkative clients
 * cost it a fixed number of descriptors, and nothing else. */
export class LineServer {
  readonly #server: net.Server;
  readonly #line: () => string;
  readonly #log: Log;
  /** The oldest first. */
  readonly #connections = new Set<Socket>();
  #lastSaid = Number.NEGATIVE_INFINITY;

  constructor(line: () => string, log: Log) {
    this.#line = line;
    this.#log = log;
    this.#server = net.createServer((socket) => this.#answer(socket));
  }

  /** @throws the system's error where it cannot listen there */
  async listen({ host, port }: TcpAddress): Promise<SocketAddress> {
    this.#server.listen({ host, port });
    await once(this.#server, 'listening');
    // From here on, EMFILE of an accept: the next one may succeed.
    this.#server.on('error', (error) => this.#onError(error));
    const { address, family, port: bound } = this.#server.address() as AddressInfo;
    return { address, family: family as SocketAddress['family'], port: bound };
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#connections) socket.destroy();
  }

  #answer(socket: Socket): void {
    this.#makeRoom();
    this.#connections.add(socket);
    const timer = setTimeout(() => socket.destroy(), TIME_LIMIT);
    timer.unref();
    socket.once('close', () => {
      clearTimeout(timer);
      this.#connections.delete(socket);
    });
    socket.on('error', () => socket.destroy()); // a reset: it has what it wanted, or wants it no more
    socket.on('data', () => {
      if (socket.bytesRead > SIZE_LIMIT) socket.destroy();
    });
    socket.end(`${this.#line()}\n`);
  }

  #makeRoom(): void {
    const [oldest] = this.#connections;
    if (oldest === undefined || this.#connections.size < MAX_CONNECTIONS) return;
    this.#connections.delete(oldest);
    oldest.destroy();
  }

  #onError(error: Error): void {
    const now = performance.now();
    if (now - this.#lastSaid < LOG_INTERVAL) return;
    this.#lastSaid = now;
    this.#log.error({ err: error }, `agent check: ${error.message}`);
  }
}
