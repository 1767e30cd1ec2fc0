import type { Duplex } from 'node:stream';
import type { Server, TLSSocket } from 'node:tls';

/** A TLSSocket knows what it speaks through, as Node keeps it. */
type Secured = TLSSocket & { _parent?: Duplex | null };

/** Connections whose TLS handshake has not ended: net.Server waits for them, and no other server knows of them. */
export class Handshakes {
  readonly #under = new Set<Duplex>();
  /** This Node does not say what a TLSSocket speaks through. */
  #isBlind = false;

  watch(server: Server): void {
    server.on('connection', (socket: Duplex) => {
      if (this.#isBlind) return;
      this.#under.add(socket);
      socket.once('close', () => this.#under.delete(socket));
    });
    server.on('secureConnection', ({ _parent: socket }: Secured) => {
      this.#isBlind ||= !socket;
      if (socket) this.#under.delete(socket);
      else this.#under.clear();
    });
  }

  /** Closes them: they have had their time. */
  breakOff(): void {
    for (const socket of this.#under) socket.destroy();
  }
}
