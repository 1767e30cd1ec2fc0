import type { ServerHttp2Session } from 'node:http2';
import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';

/** Milliseconds. */
const GOAWAY_GRACE = 1000;
const MAX_STREAM_ID = 2 ** 31 - 1;

/** The HTTP/2 sessions of a worker. */
export class Http2Sessions {
  /** Those whose connections are open, and these. */
  readonly #connections = new Map<ServerHttp2Session, Duplex | undefined>();
  #areEnding = false;

  /** Nothing for servers of another protocol. */
  watch(server: Server): void {
    if (!('updateSettings' in server)) return;
    // A session tells nobody what it speaks through; it begins while that event is told.
    let latest: Duplex | undefined;
    server.prependListener(
      server instanceof TlsServer ? 'secureConnection' : 'connection',
      (connection: Duplex) => {
        latest = connection;
      },
    );
    server.on('session', (session: ServerHttp2Session) => {
      if (typeof session?.goaway !== 'function') return; // an event of the application's own
      if (this.#areEnding) endSession(session); // it was on its way
      this.#connections.set(session, latest);
      latest = undefined;
      session.once('close', () => this.#connections.delete(session));
    });
  }

  /** Each ends when its client has the answers to what it has asked for. */
  end(): void {
    this.#areEnding = true;
    for (const session of this.#connections.keys()) endSession(session);
  }

  /** A session that has ended waits for its client to close the connection: one that has vanished never does. */
  breakOff(): void {
    for (const [session, connection] of this.#connections) if (session.destroyed) connection?.destroy();
  }
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
