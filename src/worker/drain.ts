import cluster from 'node:cluster';
import diagnostics from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import net, { type Server } from 'node:net';
import { constants } from 'node:os';
import { Server as TlsServer } from 'node:tls';
import { COMMAND, type DrainOrder, type Hello } from '../messages.js';
import { DRAIN_CHANNEL } from './application.js';
import { Handshakes } from './handshakes.js';
import { answersUnderWay, unusedConnections } from './http-connections.js';
import { isLastAnswer, noteRequest } from './last-answer.js';

const IDLE_CHECK = 200;
/** Milliseconds. */
const GOAWAY_GRACE = 1000;
const MAX_STREAM_ID = 2 ** 31 - 1;

/** What a console sends to every process in it. */
const INTERRUPTS: readonly NodeJS.Signals[] =
  'SIGBREAK' in constants.signals ? ['SIGINT', 'SIGBREAK', 'SIGHUP'] : ['SIGINT', 'SIGHUP'];

/** The primary is gone: nobody else will serve. */
const ALONE: DrainOrder = { patience: 1000, spread: 0 };

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
  readonly #handshakes = new Handshakes();
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
    if (server instanceof TlsServer) this.#handshakes.watch(server);
    server.on('session', (session: ServerHttp2Session) => {
      if (typeof session?.goaway !== 'function') return; // an event of the application's own
      if (this.#began) endSession(session); // it was on its way
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

  /** From here on the answers say `Connection: close`, by and by: with the next request of an idle connection its
   * client is told, too. One that brings none until the patience is over is closed; a request already on its way
   * is lost only then. */
  begin({ patience, spread }: DrainOrder): void {
    if (this.#began) return;
    this.#began = true;
    const begun = performance.now();
    const isOver = (): boolean => performance.now() - begun >= spread * Math.random();
    diagnostics.subscribe('http.server.request.start', (message) => {
      const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
      noteRequest(request);
      if (isOver()) closeAfter(response);
    });
    for (const server of this.#servers) {
      for (const response of answersUnderWay(server)) if (isOver()) closeAfter(response);
    }
    for (const session of this.#sessions) endSession(session);
    // net.Server's close(): http's would close idle connections at once.
    const closing = [...this.#servers].map(
      (server) => new Promise<void>((resolve) => net.Server.prototype.close.call(server, () => resolve())),
    );
    diagnostics.channel(DRAIN_CHANNEL).publish({ patience });
    const idle = setTimeout(() => this.#closeIdle(), patience);
    Promise.all(closing).then(() => {
      clearTimeout(idle);
      this.#finish();
    });
  }

  #askToDrain(): void {
    this.#signalled = true;
    if (process.connected) process.send?.({ cmd: COMMAND, act: 'term' });
    else this.begin(ALONE);
  }

  #closeIdle(): void {
    for (const server of this.#servers) {
      (server as Partial<HttpServer>).closeIdleConnections?.();
      for (const socket of unusedConnections(server)) socket.destroy();
    }
    this.#handshakes.breakOff();
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

/** What is begun is not broken off: where the headers are out, the next answer says it. So it does where that is on its
 * way by the time the headers are. */
function closeAfter(response: ServerResponse): void {
  if (response.headersSent) return;
  const own = Object.getOwnPropertyDescriptor(response, 'writeHead');
  response.writeHead = (...args: unknown[]): ServerResponse => {
    // What was there before, or is in a prototype by now, is next.
    if (own === undefined) delete (response as Partial<ServerResponse>).writeHead;
    else Object.defineProperty(response, 'writeHead', own);
    if (isLastAnswer(response)) response.setHeader('Connection', 'close');
    return (response.writeHead as (...args: unknown[]) => ServerResponse)(...args);
  };
}

/** Two GOAWAYs: the first asks the client for no more streams, the last says which were taken. Between them a PING:
 * when it comes back, so has every stream the client had begun by then (RFC 9113, 6.8). Node's own client does not
 * answer it once nothing is under way: then time has to do. */
function endSession(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  session.goaway(0, MAX_STREAM_ID);
  const finish = (): void => {
    clearTimeout(limit);
    if (!session.destroyed) session.close();
  };
  const limit = setTimeout(finish, GOAWAY_GRACE);
  try {
    if (!session.ping(finish)) finish(); // too many are under way
  } catch {
    finish(); // it is ending
  }
}
