import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { SocketAddress } from '../binding.js';
import type { Log } from '../log.js';
import type { TcpAddress } from './address.js';

/** Milliseconds. Whoever asks does so at once, reads the answer and goes: for each of these steps. */
export const TIME_LIMIT = 5000;
/** A further connection takes the place of an older one: who only holds connections open keeps nobody out. */
const MAX_CONNECTIONS = 64;
/** Milliseconds between two errors that are said. */
const LOG_INTERVAL = 10_000;

export interface BoundedServerOptions {
  /** What the log calls it. */
  name: string;
  log: Log;
  /** Whether a connection may be closed to make room. Without it: any. */
  isExpendable?: (socket: Socket) => boolean;
}

/** A TCP server in the primary that strangers may connect to. However many they are, they cost it a fixed number of
 * descriptors and a line of the log now and then. How long each may stay is up to the server's protocol: see
 * TIME_LIMIT. */
export class BoundedServer {
  readonly #server: Server;
  readonly #options: BoundedServerOptions;
  /** The oldest first. */
  readonly #connections = new Set<Socket>();
  #lastSaid = Number.NEGATIVE_INFINITY;

  /** @param server a net.Server, or what is one, which does not listen yet */
  constructor(server: Server, options: BoundedServerOptions) {
    this.#server = server;
    this.#options = options;
    server.on('connection', (socket) => this.#onConnection(socket));
  }

  /** @throws the system's error where it cannot listen there */
  async listen({ host, port }: TcpAddress): Promise<SocketAddress> {
    this.#server.listen({ host, port });
    await once(this.#server, 'listening');
    // From here on, EMFILE of an accept: the next one may succeed.
    this.#server.on('error', (error) => this.report(error));
    const { address, family, port: bound } = this.#server.address() as AddressInfo;
    return { address, family: family as SocketAddress['family'], port: bound };
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#connections) socket.destroy();
  }

  /** Logs it, unless it has logged another one just now. */
  report(error: Error): void {
    const now = performance.now();
    if (now - this.#lastSaid < LOG_INTERVAL) return;
    this.#lastSaid = now;
    const { name, log } = this.#options;
    log.error({ err: error }, `${name}: ${error.message}`);
  }

  #onConnection(socket: Socket): void {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    if (this.#connections.size > MAX_CONNECTIONS) this.#makeRoomFor(socket);
  }

  /** The newcomer itself goes where all others must stay. */
  #makeRoomFor(newcomer: Socket): void {
    const { isExpendable = () => true } = this.#options;
    for (const socket of this.#connections) {
      if (socket !== newcomer && !isExpendable(socket)) continue;
      this.#connections.delete(socket);
      socket.destroy();
      return;
    }
  }
}
