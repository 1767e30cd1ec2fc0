import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { type ErrorCode, EvenkeelError } from '../errors.js';
import { Lines } from './lines.js';
import { checkDirectory, controlDirectory, parseName, socketPath, surroundings } from './path.js';
import { isLive, runningFleets } from './probe.js';
import { type Command, encodeRequest, parseAnswer } from './protocol.js';

/** Of an answer: metrics of 256 workers take a megabyte or two. */
const LONGEST_ANSWER = 64 * 1024 * 1024;
/** Where too many connect at this moment, it is tried again after so many ms, so often. */
const BUSY_INTERVAL = 50;
const BUSY_TRIES = 40;
const ROOT = 0;
/** Of a connection that the fleet has closed. */
const ENDED = new Set(['EPIPE', 'ECONNRESET']);

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

/** A connection to the control socket of a fleet. Requests are answered one after another. */
export class ControlClient {
  readonly name: string;
  readonly #socket: Socket;
  readonly #lines = new Lines(LONGEST_ANSWER);
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  #lastId = 0;
  #broken: Error | undefined;

  private constructor(name: string, socket: Socket) {
    this.name = name;
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', (error) => this.#break(ENDED.has(codeOf(error)) ? this.#closed() : error));
    socket.on('close', () => this.#break(this.#closed()));
  }

  /** To the fleet of that name; with none given to the only one that runs.
   * @throws EvenkeelError ERR_NO_FLEET, ERR_SEVERAL_FLEETS, ERR_INVALID_OPTION, ERR_CONTROL_DIRECTORY,
   *   ERR_NO_ANSWER; the system's error */
  static async connect(wanted?: string): Promise<ControlClient> {
    const given = wanted === undefined ? undefined : parseName(wanted);
    trustDirectory();
    const name = given ?? (await theOnlyFleet());
    const path = socketPath(name);
    for (let tries = 1; ; tries++) {
      const socket = createConnection(path);
      try {
        await once(socket, 'connect');
        return new ControlClient(name, socket);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT' || code === 'ECONNREFUSED') throw await noFleet(name, path);
        if (code !== 'EAGAIN') throw error;
        if (tries === BUSY_TRIES) throw unheard(name, 'accepted no connection', BUSY_INTERVAL * BUSY_TRIES);
      }
      await new Promise((resolve) => setTimeout(resolve, BUSY_INTERVAL));
    }
  }

  /** @param timeout milliseconds for the answer; without it as long as it takes
   * @throws EvenkeelError as the fleet says; ERR_NO_ANSWER, ERR_CONTROL_MESSAGE, ERR_CONTROL_VERSION */
  async request(command: Command, timeout?: number): Promise<unknown> {
    if (this.#broken !== undefined) throw this.#broken;
    const id = ++this.#lastId;
    const line = new Promise<string>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#socket.write(encodeRequest({ ...command, id }));
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => this.#break(unheard(this.name, 'did not answer', timeout)), timeout);
    try {
      const answer = parseAnswer(await line);
      if ('error' in answer) throw new EvenkeelError(answer.error.code as ErrorCode, answer.error.message);
      if (answer.id !== id) {
        throw new EvenkeelError('ERR_CONTROL_MESSAGE', `the answer is to request ${answer.id}, not ${id}`);
      }
      return answer.result;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether the fleet is still there. */
  isLive(): Promise<boolean> {
    return isLive(socketPath(this.name));
  }

  close(): void {
    this.#socket.destroy();
  }

  #closed(): Error {
    return new EvenkeelError(
      'ERR_NO_ANSWER',
      `the fleet '${this.name}' closed the connection without an answer: it has ended, or too many ask it at once`,
    );
  }

  #onData(chunk: Buffer): void {
    this.#lines.push(chunk);
    for (;;) {
      const next = this.#lines.next();
      if (next === undefined) return;
      if (next === 'too long') {
        this.#break(new EvenkeelError('ERR_CONTROL_MESSAGE', 'the answer is longer than any fleet sends'));
        return;
      }
      this.#waiting.shift()?.resolve(next.line);
    }
  }

  #break(error: Error): void {
    this.#broken ??= error;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#broken);
  }
}

function unheard(name: string, did: string, limit: number): EvenkeelError {
  return new EvenkeelError(
    'ERR_NO_ANSWER',
    `the fleet '${name}' ${did} within ${limit} ms: its primary is stopped, or busy`,
  );
}

/** Nobody else can have put a socket there. Root may look into other users' directories. */
function trustDirectory(): void {
  const { uid } = surroundings();
  if (uid === undefined) return;
  const directory = controlDirectory();
  const { XDG_RUNTIME_DIR: given } = process.env;
  try {
    checkDirectory(directory, uid === ROOT && given !== undefined ? 'anyone' : [uid]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // there never was a fleet
  }
}

async function theOnlyFleet(): Promise<string> {
  const names = await runningFleets();
  const [only] = names;
  if (only === undefined) throw await noFleet(undefined, controlDirectory());
  if (names.length === 1) return only;
  throw new EvenkeelError(
    'ERR_SEVERAL_FLEETS',
    `several fleets run: ${names.join(', ')}. Say which one with --name.`,
  );
}

async function noFleet(name: string | undefined, where: string): Promise<EvenkeelError> {
  // A hint: where it cannot be had, that there is no such fleet remains true.
  const running = name === undefined ? [] : await runningFleets().catch((): string[] => []);
  const what = name === undefined ? 'no fleet runs' : `no fleet named '${name}' runs`;
  const others = running.length === 0 ? '' : `; running: ${running.join(', ')}`;
  return new EvenkeelError('ERR_NO_FLEET', `${what} (looked for ${where})${others}`);
}
