import { AsyncResource } from 'node:async_hooks';
import cluster from 'node:cluster';
import type { Server } from 'node:net';
import { EvenkeelError } from '../errors.js';
import { type Answer, COMMAND, type Question } from '../messages.js';
import type { ServerHandle } from './tcp-handle.js';

/* How a worker's listen() reaches us.
 *
 * net.Server.listen() in a cluster worker calls cluster._getServer(server, query, callback). Node's own
 * implementation sends the primary {cmd: 'NODE_CLUSTER', act: 'queryServer', seq, …} and, when an
 * 'internalMessage' with `ack: seq` arrives, builds the server's handle: around the TCP handle that came
 * with the message, or a stand-in for one where the primary accepts. It also keeps the books that
 * worker.disconnect(), 'listening' and close() need.
 *
 * We let all of that happen, and only put ourselves between question and answer: the question goes to
 * evenkeel's half in the primary under our own `cmd`, and its answer is handed to Node as if it had come
 * from Node's. So every server, event and error is as under node:cluster. */

/** What net.js asks. `addressType` is 4 or 6 for TCP, 'udp4' or 'udp6', -1 for a pipe, null for an fd. */
interface Query {
  port: number | null;
  addressType: unknown;
  fd?: number | null;
}

type GotHandle = (errno: number, handle: ServerHandle | null) => void;
type GetServer = (server: Server, query: Query, callback: GotHandle) => void;

interface NodeQuestion {
  cmd: string;
  act: string;
  seq: number;
}

const seam = cluster as unknown as { _getServer: GetServer };

/** What the worker does with a lease it got. */
export type Adopt = (answer: Answer, server: Server, handle: ServerHandle, context: AsyncResource) => void;

export class ListenHook {
  readonly #adopt: Adopt;
  readonly #original = seam._getServer;
  /** Set while an answer is given to Node, which calls back at once. */
  #answering: Answer | undefined;
  /** Of the listen() calls that wait for an answer, by the number of the question: what Node makes then, and
   * with it every connection, belongs to the call's context, as without a cluster. */
  readonly #contexts = new Map<number, AsyncResource>();

  constructor(adopt: Adopt) {
    this.#adopt = adopt;
  }

  install(): void {
    seam._getServer = (server, query, callback) => this.#getServer(server, query, callback);
  }

  #getServer(server: Server, query: Query, callback: GotHandle): void {
    if (!isOurs(query)) {
      this.#original.call(cluster, server, query, callback);
      return;
    }
    const context = new AsyncResource('evenkeel.listen');
    const question = overheard(() =>
      this.#original.call(cluster, server, query, (errno, handle) => {
        const answer = this.#answering;
        if (answer !== undefined && errno === 0 && handle !== null)
          this.#adopt(answer, server, handle, context);
        callback(errno, handle);
      }),
    );
    // Nothing was asked: the channel to the primary is closed, and node:cluster is silent then too.
    if (question === undefined) return;
    this.#contexts.set(question.seq, context);
    const { noDelay } = server as { noDelay?: unknown };
    process.send?.({
      ...question,
      cmd: COMMAND,
      act: 'listen',
      protocol: protocolOf(server),
      noDelay: noDelay === true,
    });
  }

  /** Gives Node the primary's answer; `makeHandle` makes one of the borrowed socket where there is one. */
  answer(answer: Answer, makeHandle?: () => ServerHandle): void {
    const context = this.#contexts.get(answer.seq);
    this.#contexts.delete(answer.seq);
    const tell = (): void => this.#tell(answer, makeHandle?.());
    if (context === undefined) tell();
    else context.runInAsyncScope(tell);
  }

  #tell(answer: Answer, handle: ServerHandle | undefined): void {
    this.#answering = answer;
    const { seq, errno, key, data, sockname } = answer;
    const reply = { cmd: 'NODE_CLUSTER', ack: seq, errno, key, data, sockname };
    try {
      (process as NodeJS.EventEmitter).emit('internalMessage', reply, handle);
    } finally {
      this.#answering = undefined;
    }
  }
}

/** TCP by address and port. UDP, pipes and given descriptors stay Node's. */
function isOurs({ port, addressType, fd }: Query): boolean {
  const isTcp = addressType === 4 || addressType === 6;
  return isTcp && typeof port === 'number' && port >= 0 && (fd === undefined || fd === null || fd < 0);
}

/** For people to read; nothing depends on it. */
function protocolOf(server: Server): Question['protocol'] {
  const isHttp = 'closeIdleConnections' in server;
  const isTls = '_getServerData' in server;
  if (isHttp) return isTls ? 'https' : 'http';
  return isTls ? 'tls' : 'tcp';
}

/** What Node would have sent the primary while `ask` runs. */
function overheard(ask: () => void): NodeQuestion | undefined {
  const { send } = process;
  let question: NodeQuestion | undefined;
  process.send = (message: unknown): boolean => {
    question = message as NodeQuestion;
    return true;
  };
  try {
    ask();
  } finally {
    if (send === undefined) delete process.send;
    else process.send = send;
  }
  if (question === undefined) return undefined;
  if (question.cmd !== 'NODE_CLUSTER' || question.act !== 'queryServer' || typeof question.seq !== 'number') {
    throw new EvenkeelError(
      'ERR_SEAM_CHANGED',
      `node:cluster of Node ${process.version} asks for a server in a way this version does not know`,
    );
  }
  return question;
}
