import type { Worker } from 'node:cluster';
import { binding, type ListenSocket, type Shared } from '../binding.js';
import type { Answer, DrainOrder, Hello, Loan } from '../messages.js';

/* What the primary and one worker say to each other, but for the question whether it may listen. Where the
 * system passes descriptors that is a channel of its own (channel-link.ts), inherited by the worker; on
 * Windows it is Node's IPC, and what is shared has names (ipc-link.ts). */

/** What both have in common; each is given away with it. */
export interface Shares {
  table: Shared;
  /** Wakes the worker. */
  bell: Shared;
  /** Where connections come. */
  lane: Shared;
  /** Wakes the primary's reactor. */
  waker: Shared;
}

/** What makes each of them: the caller's, and so given away before the next one is made, which may fail. */
export type Sharing = { readonly [Name in keyof Shares]: () => Shared };

/** A connection that a worker cannot take. The receiver owns the fd. */
export interface Returned {
  lease: number;
  /** How many workers have returned it. */
  hops: number;
  fd: number;
}

/** What child_process passes to ChildProcess.prototype.spawn. */
export interface SpawnOptions {
  args: string[];
  stdio: unknown[];
  envPairs: string[];
}

/** The primary's end. */
export interface PrimaryLink {
  /** Adds the worker's end to what its process is started with. */
  extend(spawn: SpawnOptions): void;
  /** The process is there. */
  attach(worker: Worker): void;
  /** Replies to "may I listen?"; with the socket it shall accept from itself, if any. `onAdopted`: connections
   * may be sent from now on. */
  answer(lease: number, answer: Answer, socket: ListenSocket | undefined, onAdopted: () => void): void;
  /** Gives the worker the socket that a lease was promised. */
  lend(lease: number, loan: Loan, socket: ListenSocket): void;
  /** Finish what you have and end. */
  drain(order: DrainOrder): void;
  /** After the worker's death: what it had returned last. */
  recover(): Returned[];
  close(): void;
}

export interface PrimaryHandlers {
  onReturned(returned: Returned): void;
  /** Something else than a returned connection came, or nothing could be sent or received. */
  onError(error: NodeJS.ErrnoException): void;
}

/** The worker's end. */
export interface WorkerLink {
  readonly hello: Hello;
  readonly shares: Shares;
  start(handlers: WorkerHandlers): void;
  /** Hears what the primary has said already. */
  readNow(): void;
  /** Sends a connection back. False where it could not be, and was closed. */
  giveBack(returned: Returned): boolean;
}

export interface WorkerHandlers {
  /** `fd`: of the socket to accept from, the handler's; -1: there is none. */
  onAnswer(answer: Answer, fd: number): void;
  /** `fd`: the handler's. */
  onLoan(lease: number, loan: Loan, fd: number): void;
  onDrain(order: DrainOrder): void;
  onError(error: NodeJS.ErrnoException): void;
}

/** Whether descriptors can be sent to another process. */
export function passesDescriptors(): boolean {
  return 'Channel' in binding();
}
