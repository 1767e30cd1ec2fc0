import { createServer, type Socket } from 'node:net';
import { EvenkeelError } from '../errors.js';
import type { Log } from '../log.js';
import { claimFile, claimPipe, type Release } from './claim.js';
import { answerLine, type ControlledFleet } from './commands.js';
import { Connection, type Deadlines } from './connection.js';
import {
  controlDirectory,
  defaultName,
  distinctName,
  parseName,
  prepareDirectory,
  socketPath,
  surroundings,
} from './path.js';
import { peerCheck } from './peer.js';
import { encodeAnswer, LONGEST_REQUEST } from './protocol.js';

const MOST_CONNECTIONS = 32;
const DEADLINES: Deadlines = { idle: 30_000, request: 5000, answer: 5000 };

export interface ControlOptions {
  /** A name, which must be free; true: the entry's, with the process's id where a fleet of that name runs. */
  name: string | true;
  entry: string;
  log: Log;
  /** For tests. */
  deadlines?: Partial<Deadlines>;
}

/** The control socket of a fleet. What its clients do, and do not, is no matter to the fleet: see Connection. */
export class ControlServer {
  /** Set once it listens. */
  name = '';
  readonly #log: Log;
  readonly #deadlines: Deadlines;
  readonly #isAllowed = peerCheck();
  readonly #connections = new Set<Connection>();
  readonly #server = createServer({ allowHalfOpen: true }, (socket) => this.#onConnection(socket));
  #fleet: ControlledFleet | undefined;
  #release: Release | undefined;

  private constructor(log: Log, deadlines: Deadlines) {
    this.#log = log;
    this.#deadlines = deadlines;
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  /** Takes the name, so that no other fleet of this user can have it. Clients are served from serve() on.
   * @throws EvenkeelError ERR_NAME_TAKEN, ERR_INVALID_OPTION, ERR_CONTROL_DIRECTORY; the system's error. Nothing
   *   is left behind then. */
  static async open({ name, entry, log, deadlines }: ControlOptions): Promise<ControlServer> {
    const server = new ControlServer(log, { ...DEADLINES, ...deadlines });
    const own = name === true ? defaultName(entry) : parseName(name);
    if (await server.#claim(own)) return server;
    const other = distinctName(own, process.pid);
    if (name === true && (await server.#claim(other))) {
      log.info({ fleet: other }, `a fleet named '${own}' runs already: this one is '${other}'`);
      return server;
    }
    throw new EvenkeelError(
      'ERR_NAME_TAKEN',
      `a fleet named '${own}' runs already: stop it (evenkeel stop --name ${own}), or choose another name`,
    );
  }

  /** At once after open(): whoever connects before that is sent away. */
  serve(fleet: ControlledFleet): void {
    this.#fleet = fleet;
  }

  /** The socket is gone from its directory. Who waits for an answer gets it. */
  close(): void {
    try {
      this.#release?.(); // first: whoever finds it, finds it listening
    } catch (error) {
      // A directory that was locked meanwhile, say. Nobody listens there from here on: the next one replaces it.
      const { code, message } = error as NodeJS.ErrnoException;
      this.#log.warn({ code }, `control socket: ${message}`);
    }
    this.#server.close();
    for (const connection of this.#connections) connection.close();
  }

  async #claim(name: string): Promise<boolean> {
    const { uid } = surroundings();
    const path = socketPath(name);
    if (uid !== undefined) prepareDirectory(controlDirectory(), uid);
    this.#release = await (uid === undefined ? claimPipe : claimFile)(this.#server, path);
    if (this.#release === undefined) return false;
    this.name = name;
    this.#server.on('error', (error: NodeJS.ErrnoException) =>
      this.#log.warn({ code: error.code }, `control socket: ${error.message}`),
    );
    this.#server.unref();
    return true;
  }

  #onConnection(socket: Socket): void {
    const fleet = this.#fleet;
    if (fleet === undefined || !this.#isAllowed(socket)) {
      socket.destroy();
      return;
    }
    const connection = new Connection(
      socket,
      {
        answer: (line) => answerLine(line, fleet, this.#log),
        tooLong: () =>
          encodeAnswer({
            id: null,
            error: {
              code: 'ERR_CONTROL_MESSAGE',
              message: `a request has at most ${LONGEST_REQUEST} bytes`,
            },
          }),
        onClose: () => this.#connections.delete(connection),
      },
      this.#deadlines,
    );
    this.#connections.add(connection);
  }
}
