import cluster from 'node:cluster';
import diagnostics from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { constants } from 'node:os';
import { Server as TlsServer } from 'node:tls';
import { COMMAND, type DrainOrder, type Hello } from '../messages.js';
import { DRAIN_CHANNEL } from './application.js';
import { closeAfter } from './closing-answer.js';
import { Handshakes } from './handshakes.js';
import { answersUnderWay, waitingForRequest } from './http-connections.js';
import { Http2Sessions } from './http2-sessions.js';
import { noteRequest } from './last-answer.js';
import { closeServer } from './server-close.js';

/** Milliseconds. */
const IDLE_CHECK = 200;

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
  readonly #http2 = new Http2Sessions();
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
    this.#http2.watch(server);
  }

  /** Under a supervisor a terminal's Ctrl+C or a service manager's SIGTERM reaches every process at once:
   * the primary decides what happens then. An application's own listeners run as ever. */
  handleSignals(): void {
    if (!this.#hello.supervised) return;
    announceDisconnect();
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
    this.#http2.end();
    const closing = [...this.#servers].map((server) => closeServer(server));
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
      for (const socket of waitingForRequest(server)) socket.destroy();
    }
    this.#handshakes.breakOff();
    this.#http2.breakOff();
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

/** An application that ends its worker by itself closes its servers first: the port is to stay open. */
function announceDisconnect(): void {
  const { worker } = cluster;
  if (worker === undefined) return;
  const { disconnect } = worker;
  worker.disconnect = function () {
    if (process.connected) process.send?.({ cmd: COMMAND, act: 'leaving' });
    return disconnect.call(this);
  };
}
