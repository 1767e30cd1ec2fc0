import type { Sockets } from '../strategies/strategy.js';

/** Listening sockets that this process was started with, for one of its listeners. */
export interface GivenSockets {
  /** The receiver's. */
  sockets: Sockets;
  /** Another process accepts from them until it lets go. */
  isWaiting: boolean;
  /** Whoever opened them goes on listening on them when this process has ended. */
  isOthers: boolean;
  /** What the first worker to listen on them gave the others. */
  data?: unknown;
}
