import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { SocketAddress } from '../binding.js';
import type { Log } from '../log.js';
import type { TcpAddress } from './address.js';
import { BoundedServer, TIME_LIMIT } from './bounded-server.js';

export interface Reply {
  status: number;
  type: string;
  body: string;
}

/** By path. */
export type Routes = ReadonlyMap<string, () => Reply | Promise<Reply>>;

/** The same route, 503 for whoever asks while so many wait for its answer. */
export function atMost(count: number, route: () => Promise<Reply>): () => Promise<Reply> {
  let waiting = 0;
  return async () => {
    if (waiting === count) return text(503, `${count} requests wait already: ask again later`);
    waiting++;
    try {
      return await route();
    } finally {
      waiting--;
    }
  };
}

/** Bytes: whoever asks says so in a few hundred. */
const MAX_HEADER = 4096;
/** Milliseconds. */
const CHECK_INTERVAL = 1000;

/** A small HTTP server in the primary, for machines that look after the fleet: GET and HEAD of a few paths, one
 * request a connection. Slow, many or malformed clients cost it a fixed number of descriptors, and nothing else. */
export class HttpEndpoint {
  readonly #server: BoundedServer;
  readonly #routes: Routes;
  /** Those that have asked: they are not closed to make room for others. */
  readonly #asking = new WeakSet<Socket>();

  constructor(routes: Routes, log: Log) {
    this.#routes = routes;
    const server = http.createServer(
      {
        maxHeaderSize: MAX_HEADER,
        headersTimeout: TIME_LIMIT,
        requestTimeout: TIME_LIMIT,
        connectionsCheckingInterval: CHECK_INTERVAL,
      },
      (request, response) => void this.#answer(request, response),
    );
    server.timeout = TIME_LIMIT; // between two reads of its answer
    this.#server = new BoundedServer(server, {
      name: 'metrics and probes',
      log,
      isExpendable: (socket) => !this.#asking.has(socket),
    });
  }

  /** @throws the system's error where it cannot listen there */
  listen(where: TcpAddress): Promise<SocketAddress> {
    return this.#server.listen(where);
  }

  close(): void {
    this.#server.close();
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
      this.#server.report(error as Error);
      return text(500, (error as Error).message);
    }
  }
}

function text(status: number, body: string): Reply {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` };
}
