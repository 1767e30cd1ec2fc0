import diagnostics from 'node:diagnostics_channel';
import type { Server } from 'node:net';
import net from 'node:net';
import type { Slot } from '../load-table.js';

/** Marks the worker's slot busy as soon as its own code may run, so that nobody waits for it; the loop marks
 * it idle again before it sleeps (native/loop_stamp.cc). There is no hook between epoll_wait() and the first
 * callback, so each kind of work has its own: an HTTP request, an HTTP/2 stream, data on any other socket.
 * What is missed (a timer, a file) costs a millisecond: the watchdog notices. */
export class BusyMark {
  readonly #slot: Slot;
  readonly #known = new WeakSet<Server>();

  constructor(slot: Slot) {
    this.#slot = slot;
  }

  install(): void {
    const slot = this.#slot;
    diagnostics.subscribe('http.server.request.start', () => slot.markBusy());
    // Data of every socket whose handle no parser reads by itself, outgoing ones too: onStreamRead() calls it.
    const { push } = net.Socket.prototype;
    net.Socket.prototype.push = function (this: net.Socket, ...args: Parameters<typeof push>): boolean {
      slot.markBusy();
      return push.apply(this, args);
    };
  }

  /** HTTP/2 hands its sockets to a native session: what shows are the streams. */
  watch(server: Server): void {
    if (this.#known.has(server)) return;
    this.#known.add(server);
    server.prependListener('session', (session: unknown) => {
      if (!isHttp2Session(session)) return; // an event of the application's own
      session.prependListener('stream', () => this.#slot.markBusy());
    });
  }
}

function isHttp2Session(session: unknown): session is NodeJS.EventEmitter {
  return typeof (session as { goaway?: unknown } | null)?.goaway === 'function';
}
