import net, { type Socket } from 'node:net';
import type { SocketAddress } from '../binding.js';
import type { TcpAddress } from '../health/address.js';
import { BoundedServer, TIME_LIMIT } from '../health/bounded-server.js';
import type { Log } from '../log.js';

/** Bytes of what it sends (`agent-send`, say). They are read and ignored: a close with bytes unread is a reset, which may
 * overtake the answer. */
const SIZE_LIMIT = 4096;

/** A TCP server in the primary that tells everybody who connects one line, and closes. Slow, many or talkative clients
 * cost it a fixed number of descriptors, and nothing else. */
export class LineServer {
  readonly #line: () => string;
  readonly #server: BoundedServer;

  constructor(line: () => string, log: Log) {
    this.#line = line;
    const server = net.createServer((socket) => this.#answer(socket));
    // Anybody may go to make room: each has had its answer.
    this.#server = new BoundedServer(server, { name: 'agent check', log });
  }

  /** @throws the system's error where it cannot listen there */
  listen(where: TcpAddress): Promise<SocketAddress> {
    return this.#server.listen(where);
  }

  close(): void {
    this.#server.close();
  }

  #answer(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), TIME_LIMIT);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
    socket.on('error', () => socket.destroy()); // a reset: it has what it wanted, or wants it no more
    socket.on('data', () => {
      if (socket.bytesRead > SIZE_LIMIT) socket.destroy();
    });
    socket.end(`${this.#line()}\n`);
  }
}
