import type { Server } from 'node:net';
import type { Slot } from '../load-table.js';

/** What net.Server keeps and calls itself: the count that getConnections() reports, and the hook every
 * socket calls on its server as it closes. */
interface ServerInternals {
  _connections: number;
  _emitCloseIfDrained(): void;
}

/** Keeps the worker's slot of the load table right: connections begun and open, over all its servers. */
export class ConnectionMeter {
  readonly #slot: Slot;
  readonly #onChange: (server: Server) => void;
  /** Connections as last seen. */
  readonly #servers = new WeakMap<Server, number>();
  #active = 0;

  /** `onChange`: the server has more or fewer connections than before. */
  constructor(slot: Slot, onChange: (server: Server) => void) {
    this.#slot = slot;
    this.#onChange = onChange;
  }

  watch(server: Server): void {
    if (this.#servers.has(server)) return;
    const internals = server as unknown as ServerInternals;
    this.#servers.set(server, internals._connections);
    const closed = internals._emitCloseIfDrained;
    internals._emitCloseIfDrained = () => {
      this.#update(server, internals._connections);
      closed.call(server);
    };
  }

  /** Counts the connection that `deliver` gives to the server, kept or dropped. */
  count(server: Server, deliver: () => void): void {
    this.#slot.countAccepted();
    try {
      deliver();
    } finally {
      this.#update(server, (server as unknown as ServerInternals)._connections);
    }
  }

  /** So many never reached a server: begun and over. With 0 it only writes the slot anew. */
  countLost(lost: number): void {
    for (let i = 0; i < lost; i++) this.#slot.countAccepted();
    this.#slot.active = this.#active;
  }

  /** Open connections of all watched servers. */
  get active(): number {
    return this.#active;
  }

  #update(server: Server, connections: number): void {
    this.#active += connections - (this.#servers.get(server) ?? 0);
    this.#servers.set(server, connections);
    this.#slot.active = this.#active;
    this.#onChange(server);
  }
}
