import type { Dispatcher, ListenSocket, ListenSocketOptions } from '../binding.js';
import { HandOff } from './hand-off.js';
import { ReusePort } from './reuse-port.js';
import type { StrategyName } from './select.js';
import { SharedHandle } from './shared-handle.js';

/** How the connections of one listener reach its workers. The primary owns every socket in it; a worker
 * only borrows what add() returns, so that no accept queue dies with a worker.
 *
 * A strategy is made for one listener by its constructor, which binds and listens or throws the system's
 * error, and closed once. A lease is one worker's share in the listener. */
export interface Strategy {
  readonly socket: ListenSocket;
  /** What the worker shall accept from itself; undefined: connections are brought to it. */
  add(lease: number): ListenSocket | undefined;
  /** The worker stopped listening or is gone; called once for each lease added. */
  remove(lease: number): void;
  /** Begins the end: no new handshake from now on. */
  retire(): void;
  /** Connections in the accept queues. */
  queueLength(): number;
  close(): void;
}

/** The primary could not accept, EMFILE say; it tries again by itself. */
export type OnAcceptError = (error: NodeJS.ErrnoException) => void;

type StrategyConstructor = new (
  options: ListenSocketOptions,
  dispatcher: Dispatcher,
  onError: OnAcceptError,
) => Strategy;

export const strategies: Readonly<Record<StrategyName, StrategyConstructor>> = {
  'reuse-port': ReusePort,
  'hand-off': HandOff,
  'shared-handle': SharedHandle,
};
