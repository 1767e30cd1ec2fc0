import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { SocketAddress } from '../binding.js';
import type { Log } from '../log.js';
import type { TcpAddress } from './address.js';

export interface Reply {
  status: number;
  type: string;
  body: string;
}

/** By path. */
export type Routes = ReadonlyMap<string, () => Reply | Promise<Reply>>;

/** Whoever asks says so in a few hundred bytes, at once, and reads the answer. */
const MAX_HEADER = 4096;
/** Milliseconds for a whole request, and between two reads of its answer. */
const REQUEST_LIMIT = 5000;
const IDLE_LIMIT = 5000;
const CHECK_INTERVAL = 1000;
/** A further connection takes the place of the oldest one that has not asked yet: who only holds connections open
 * keeps nobody out. */
const MAX_CONNECTIONS = 64;
const LOG_INTERVAL = 10_000;

/** A small HTTP server in the primary, for machines that look after the fleet: GET and HEAD of a few paths, one
 * request a connection. Slow, many or malformed clients cost it a fixed number of descriptors, and nothing else. */
export class HttpEndpoint {
  readonly #server: http.Server;
  readonly #routes: Routes;
  readonly #log: Log;
  /** The oldest first. */
  readonly #connections = new Set<Socket>();
  /** Those that have asked. */
  readonly #asking = new WeakSet<Socket>();
  #lastSaid = Number.NEGATIVE_INFINITY;

  constructor(routes: Routes, log: Log) {
    this.#routes = routes;
    this.#log = log;
    this.#server = http.createServer(
      {
        maxHeaderSize: MAX_HEADER,
        headersTimeout: REQUEST_LIMIT,
        requestTimeout: REQUEST_LIMIT,
        connectionsCheckingInterval: CHECK_INTERVAL,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.timeout = IDLE_LIMIT;
    this.#server.on('connection', (socket) => this.#onConnection(socket));
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
    this.#server.closeAllConnections();
  }

  #onConnection(socket: Socket): void {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    if (this.#connections.size <= MAX_CONNECTIONS) return;
    for (const other of this.#connections) {
      if (this.#asking.has(other) && other !== socket) continue;
      this.#connections.delete(other);
      other.destroy();
      return;
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#asking.add(request.socket);
    const isHead = request.method === 'HEAD';
    const { status, type, body } = await this.#reply(request);
    if (status === 405) response.setHeader('Allow', 'GET, HEAD');
    response.writeHead(status, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      Connection: 'close',
    });
    response.end(isHead ? undefined : body);
  }

  async #reply({ method, url = '' }: IncomingMessage): Promise<Reply> {
    if (method !== 'GET' && method !== 'HEAD') return text(405, 'GET or HEAD');
    const route = this.#routes.get(url.split('?', 1)[0] as string);
    if (route === undefined) return text(404, `one of ${[...this.#routes.keys()].join(', ')}`);
    try {
      return await route();
    } catch (error) {
      this.#onError(error as Error);
      return text(500, (error as Error).message);
    }
  }

  #onError(error: Error): void {
    const now = performance.now();
    if (now - this.#lastSaid < LOG_INTERVAL) return;
    this.#lastSaid = now;
    this.#log.error({ err: error }, `metrics and probes: ${error.message}`);
  }
}

function text(status: number, body: string): Reply {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` };
}
