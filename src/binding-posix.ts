import type { Lane, ListenSocket } from './binding.js';

/* What the addon has where descriptors can be passed, and groups of sockets be made: not on Windows. */

export interface ChannelMessage {
  type: number;
  lease: number;
  hops: number;
  payload: string;
  /** -1 where none came, else the receiver's. */
  fd: number;
}

export interface Channel {
  start(): void;
  /** False once the other end is gone. */
  send(type: number, lease: number, hops: number, payload: string | null, takeFd: number): boolean;
  receiveNow(): ChannelMessage | undefined;
  /** Connections a dead worker had returned last. */
  recover(): ChannelMessage[];
  peerFd(): number;
  close(): void;
}

/** A selector program. Once attached it stays so until its group's sockets are closed. */
export interface Selector {
  /** From now on these are the members, in the order in which they joined the group. From two on it is
   * attached. */
  apply(members: { socket: ListenSocket; slot: number; eligible: boolean; load: number }[]): void;
  /** Times it found nobody to choose, and the kernel's hash chose. */
  fallbacks(): number;
  close(): void;
}

/** A reuseport group: who of its members the selector may choose, and what waits in the queue of one whose
 * worker cannot take it. */
export interface Group {
  /** The primary accepts from the socket until it is lent. Returns its index. */
  join(socket: ListenSocket): number;
  /** A worker accepts from it. */
  lend(index: number, lane: Lane): void;
  /** Its worker is going: it gets nothing new, and what waits there goes to others. */
  drain(index: number): void;
  /** Its worker is gone. */
  reclaim(index: number): void;
  /** The primary accepts from every member. */
  retire(): void;
  close(): void;
}
