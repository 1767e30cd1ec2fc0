import type { ChildProcess } from 'node:child_process';
import type { Worker } from 'node:cluster';
import { binding, type ListenSocket } from '../binding.js';
import { EvenkeelError } from '../errors.js';
import {
  type Answer,
  COMMAND,
  closedMessage,
  type DrainOrder,
  type Hello,
  isFromPrimary,
  isFromWorker,
  LINK_ENV,
  type Loan,
  leaseKey,
  type ToPrimary,
  type ToWorker,
} from '../messages.js';
import type {
  PrimaryHandlers,
  PrimaryLink,
  Returned,
  Shares,
  Sharing,
  SpawnOptions,
  WorkerHandlers,
  WorkerLink,
} from './link.js';

/** What a worker finds in its environment. */
interface Introduction {
  hello: Hello;
  shares: Shares;
  /** Whom to duplicate a socket for that is sent back. */
  primary: number;
}

/** Node's IPC instead of a channel. A socket travels as what WSADuplicateSocketW() says of it, and the sender
 * keeps its own until it hears that the other has opened it. */
export class IpcPrimaryLink implements PrimaryLink {
  readonly #introduction: Introduction;
  readonly #handlers: PrimaryHandlers;
  /** By lease: answers the worker has not heard yet. */
  readonly #adoptions = new Map<number, () => void>();
  #process: ChildProcess | undefined;

  constructor(hello: Hello, sharing: Sharing, handlers: PrimaryHandlers) {
    const { table, bell, lane, waker } = sharing;
    const shares = { table: table(), bell: bell(), lane: lane(), waker: waker() };
    this.#introduction = { hello, shares, primary: process.pid };
    this.#handlers = handlers;
  }

  extend({ envPairs }: SpawnOptions): void {
    envPairs.push(`${LINK_ENV}=${JSON.stringify(this.#introduction)}`);
  }

  attach(worker: Worker): void {
    this.#process = worker.process;
    (worker.process as NodeJS.EventEmitter).on('internalMessage', (message: unknown) => {
      if (isFromWorker(message)) this.#onMessage(message);
    });
  }

  answer(lease: number, answer: Answer, socket: ListenSocket | undefined, onAdopted: () => void): void {
    const pid = this.#process?.pid;
    // It never started, or cannot hear: it would keep a socket it does not know of.
    if (pid === undefined || !this.#process?.connected) return;
    this.#adoptions.set(lease, onAdopted);
    const shared = socket === undefined ? null : share(socket.fd(), pid);
    this.#send({ cmd: COMMAND, act: 'answer', lease, answer, socket: shared });
  }

  lend(lease: number, loan: Loan, socket: ListenSocket): void {
    const pid = this.#process?.pid;
    if (pid === undefined || !this.#process?.connected) return;
    this.#send({ cmd: COMMAND, act: 'lend', lease, loan, socket: share(socket.fd(), pid) });
  }

  drain(order: DrainOrder): void {
    this.#send({ cmd: COMMAND, act: 'drain', order });
  }

  /** What comes on Node's IPC is heard as it comes, after the worker's death too. */
  recover(): Returned[] {
    return [];
  }

  close(): void {
    this.#adoptions.clear();
  }

  #send(message: ToWorker): void {
    // EPIPE, a closed channel: the worker is gone or going, which is heard otherwise.
    if (this.#process?.connected) this.#process.send(message, () => {});
  }

  #onMessage(message: ToPrimary): void {
    if (message.act === 'adopted') {
      this.#adoptions.get(message.lease)?.();
      this.#adoptions.delete(message.lease);
      return;
    }
    const { lease, hops, socket, id } = message;
    let fd = -1;
    try {
      fd = open(socket);
    } catch (error) {
      this.#handlers.onError(error as NodeJS.ErrnoException);
    }
    // Where it could not be had either: its client is to hear the end of it.
    this.#send({ cmd: COMMAND, act: 'received', id });
    if (fd >= 0) this.#handlers.onReturned({ lease, hops, fd });
  }
}

export class IpcWorkerLink implements WorkerLink {
  readonly hello: Hello;
  readonly shares: Shares;
  readonly #primary: number;
  /** What was sent back, and is not known to have been received; by its number. */
  readonly #returned = new Map<number, number>();
  #lastReturned = 0;
  #handlers: WorkerHandlers | undefined;

  /** @throws EvenkeelError ERR_CHANNEL_MESSAGE */
  constructor(text: string) {
    let introduction: Partial<Introduction> | null;
    try {
      introduction = JSON.parse(text);
    } catch (cause) {
      throw new EvenkeelError('ERR_CHANNEL_MESSAGE', `${LINK_ENV} is not JSON: '${text}'`, { cause });
    }
    const { hello, shares, primary } = introduction ?? {};
    if (hello === undefined || shares === undefined || primary === undefined) {
      throw new EvenkeelError('ERR_CHANNEL_MESSAGE', `${LINK_ENV} lacks what the primary has to say`);
    }
    this.hello = hello;
    this.shares = shares;
    this.#primary = primary;
  }

  start(handlers: WorkerHandlers): void {
    this.#handlers = handlers;
    (process as NodeJS.EventEmitter).on('internalMessage', (message: unknown) => {
      if (isFromPrimary(message)) this.#onMessage(message);
    });
  }

  /** Nothing is ahead of an answer here: connections are sent when it was heard. */
  readNow(): void {}

  giveBack({ lease, hops, fd }: Returned): boolean {
    // Without IPC the primary has ended this worker's leases, and counts on nothing from it.
    if (!process.connected) {
      binding().closeFd(fd);
      return false;
    }
    let socket: string;
    try {
      socket = share(fd, this.#primary);
    } catch (error) {
      binding().closeFd(fd);
      this.#handlers?.onError(error as NodeJS.ErrnoException);
      return false;
    }
    const id = ++this.#lastReturned;
    this.#returned.set(id, fd);
    this.#send({ cmd: COMMAND, act: 'returned', lease, hops, socket, id });
    return true;
  }

  #send(message: ToPrimary): void {
    process.send?.(message, undefined, undefined, () => {}); // as in the primary
  }

  #onMessage(message: ToWorker): void {
    switch (message.act) {
      case 'answer':
        return this.#onAnswer(message);
      case 'lend':
        return this.#onLoan(message);
      case 'drain':
        return this.#handlers?.onDrain(message.order);
      case 'received': {
        const fd = this.#returned.get(message.id);
        this.#returned.delete(message.id);
        if (fd !== undefined) binding().closeFd(fd);
      }
    }
  }

  #onAnswer({ lease, answer, socket }: ToWorker & { act: 'answer' }): void {
    let fd = -1;
    let heard = answer;
    try {
      if (socket !== null) fd = open(socket);
    } catch (error) {
      // The server's, as any other failure to listen.
      heard = { ...answer, errno: (error as NodeJS.ErrnoException).errno ?? -1, gate: null };
      process.send?.(closedMessage(answer.key), undefined, undefined, () => {});
    }
    this.#handlers?.onAnswer(heard, fd);
    this.#send({ cmd: COMMAND, act: 'adopted', lease });
  }

  #onLoan({ lease, loan, socket }: ToWorker & { act: 'lend' }): void {
    let fd: number;
    try {
      fd = open(socket);
    } catch (error) {
      // Its server listens already, and gets nothing: the primary counts it out.
      this.#handlers?.onError(error as NodeJS.ErrnoException);
      process.send?.(closedMessage(leaseKey(lease)), undefined, undefined, () => {});
      return;
    }
    this.#handlers?.onLoan(lease, loan, fd);
  }
}

function share(fd: number, pid: number): string {
  return binding().shareSocket(fd, pid).toString('base64');
}

function open(shared: string): number {
  return binding().openSocket(Buffer.from(shared, 'base64'));
}
