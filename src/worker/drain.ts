import cluster from 'node:cluster';
import diagnostics from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import net, { type Server } from 'node:net';
import { constants } from 'node:os';
import { COMMAND, type Hello } from '../messages.js';
import { unusedConnections } from './unused-connections.js';

/** An idle keep-alive connection gets this long, in ms, to bring one more request, which is answered with
 * `Connection: close`. Closed at once, a request already on its way would be lost. */
const IDLE_GRACE = 1000;
const IDLE_CHECK = 200;
/** The same for HTTP/2: time, in ms, for the first GOAWAY to reach the client before the last one says
 * which streams were taken. RFC 9113, 6.8. */
const GOAWAY_GRACE = 200;
const MAX_STREAM_ID = 2 ** 31 - 1;

/** What a console sends to every process in it. */
const INTERRUPTS: readonly NodeJS.Signals[] =
  'SIGBREAK' in constants.signals ? ['SIGINT', 'SIGBREAK', 'SIGHUP'] : ['SIGINT'];

interface HttpServer extends Server {
  closeIdleConnections(): void;
}

/** Ends a supervised worker without losing a request: no new connections, what is open finishes. */
export class Drain {
  readonly #hello: Hello;
  /** Those not closed yet. */
  readonly #servers = new Set<Server>();
  readonly #known = new WeakSet<Server>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #onTerm = (): void => this.#askToDrain();
  readonly #onInterrupt = (): void => {};
  #began = false;
  #signalled = false;

  constructor(hello: Hello) {
    this.#hello = hello;
  }

  /** The server listens; called each time it begins to. */
  watch(server: Server): void {
    this.#servers.add(server);
    if (this.#known.has(server)) return;
    this.#known.add(server);
    server.on('close', () => this.#servers.delete(server));
    server.on('session', (session: ServerHttp2Session) => {
      if (typeof session?.goaway !== 'function') return; // an event of the application's own
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
  }

  /** Under a supervisor a terminal's Ctrl+C or a service manager's SIGTERM reaches every process at once:
   * the primary decides what happens then. An application's own listeners run as ever. */
  handleSignals(): void {
    if (!this.#hello.supervised) return;
    process.on('SIGTERM', this.#onTerm);
    for (const signal of INTERRUPTS) process.on(signal, this.#onInterrupt);
  }

  begin(): void {
    if (this.#began) return;
    this.#began = true;
    diagnostics.subscribe('http.server.request.start', (message) => {
      const { response } = message as { response: ServerResponse };
      if (!response.headersSent) response.setHeader('Connection', 'close');
    });
    for (const session of this.#sessions) endSession(session);
    // net.Server's close(): http's would close idle connections at once.
    const closing = [...this.#servers].map(
      (server) => new Promise<void>((resolve) => net.Server.prototype.close.call(server, () => resolve())),
    );
    const idle = setTimeout(() => this.#closeIdle(), IDLE_GRACE);
    Promise.all(closing).then(() => {
      clearTimeout(idle);
      this.#finish();
    });
  }

  #askToDrain(): void {
    this.#signalled = true;
    if (process.connected) process.send?.({ cmd: COMMAND, act: 'term' });
    else this.begin();
  }

  #closeIdle(): void {
    for (const server of this.#servers) {
      (server as Partial<HttpServer>).closeIdleConnections?.();
      for (const socket of unusedConnections(server)) socket.destroy();
    }
    setTimeout(() => this.#closeIdle(), IDLE_CHECK).unref();
  }

  #finish(): void {
    process.off('SIGTERM', this.#onTerm);
    for (const signal of INTERRUPTS) process.off(signal, this.#onInterrupt);
    const end = (): void => {
      const isHandled = process.listenerCount('SIGTERM') > 0;
      // The application cleans up by itself. Where a real signal came it has begun to.
      if (isHandled && !this.#signalled) process.emit('SIGTERM', 'SIGTERM');
      // Nobody handles it: the process ends, as it would have at once without us.
      else if (this.#signalled && !isHandled) process.kill(process.pid, 'SIGTERM');
      else if (!isHandled) process.exit();
    };
    if (!process.connected) return end(); // the application has disconnected by itself
    process.once('disconnect', end);
    cluster.worker?.disconnect();
  }
}

function endSession(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  session.goaway(0, MAX_STREAM_ID);
  setTimeout(() => {
    if (!session.destroyed) session.close();
  }, GOAWAY_GRACE);
}
