import type { Bell, Dispatcher, Lane, ListenSocket, NativeLoadTable, Selector } from '../binding.js';
import { GatedHandle } from './gated-handle.js';
import { HandOff } from './hand-off.js';
import { ReusePort } from './reuse-port.js';
import { isGated, type PolicyName, type StrategyName } from './select.js';
import { SharedHandle } from './shared-handle.js';

/** How the connections of one listener reach its workers. The primary owns every socket in it; a worker
 * only borrows what add() returns, so that no accept queue dies with a worker.
 *
 * A strategy is made for the sockets of one listener by its constructor, and closed once, with them. A lease is one
 * worker's share in the listener. */
export interface Strategy {
  /** The first of its sockets. */
  readonly socket: ListenSocket;
  /** All of them; of a reuseport group in the order of its members. */
  readonly sockets: readonly ListenSocket[];
  /** The number under which workers share the socket through gates; null where they do not. */
  readonly gate: number | null;
  /** What the worker shall accept from itself; undefined: connections are brought to it. */
  add(lease: number, lessee: Lessee): ListenSocket | undefined;
  /** The worker is about to stop listening: nothing new shall come to it, and nobody wait for it. */
  drain(lease: number): void;
  /** The worker stopped listening or is gone; called once for each lease added. */
  remove(lease: number): void;
  /** Begins the end: no new handshake from now on. Returns how long those under way may take, in ms; 0:
   * no longer than a round trip. */
  retire(): number;
  /** The accept queues are empty. Where new handshakes could not be kept off, listening ends now. */
  shut(): void;
  /** Another process has the sockets too, and goes on with them: from now on nothing is accepted here but by
   * workers that have a share, and what waits is theirs or that process's. Nothing is changed on the sockets. */
  letGo(): void;
  /** The process that had the sockets before has let go of them. Once, where they came with `isWaiting`. */
  takeOver(): void;
  /** Connections in the accept queues. */
  queueLength(): number;
  close(): void;
}

/** The primary could not accept, EMFILE say; it tries again by itself. */
export type OnAcceptError = (error: NodeJS.ErrnoException) => void;

/** A worker that shares in a listener, as far as a strategy needs to know it. */
export interface Lessee {
  /** Its slot in the load table. */
  slot: number;
  /** Wakes it. */
  bell: Bell;
  /** Where connections are sent to it. */
  lane: Lane;
}

/** A worker's loop blocks while connections wait for it, or has ended to; by the worker's slot. `duration` in
 * ms; `rescued`: connections given to others. */
export type OnStall = (slot: number, ended: boolean, duration: number, rescued: number) => void;

/** What a strategy works with; none of it is its own. */
export interface Surroundings {
  table: NativeLoadTable;
  dispatcher: Dispatcher;
  /** A gate number nobody uses; undefined when all are taken. */
  gate: number | undefined;
  /** The kernel may wait for the client's first bytes. Undefined: that is up to whoever else has the socket. */
  deferAccept: boolean | undefined;
  /** Another process accepts from the sockets, until takeOver(). No share is added before. */
  isWaiting: boolean;
  /** The program that chooses among a group's members; null: the kernel's own hash does. */
  makeSelector: () => Selector | null;
  /** How long a loop may stand still while connections wait for it, in ms; 0: for ever. */
  stallThreshold: number;
  onStall: OnStall;
  onError: OnAcceptError;
}

/** Listening on one address. Several: a reuseport group, in the order of its members. */
export type Sockets = readonly [ListenSocket, ...ListenSocket[]];

type StrategyConstructor = new (sockets: Sockets, surroundings: Surroundings) => Strategy;

const CLASSES: Readonly<Record<StrategyName, StrategyConstructor>> = {
  'reuse-port': ReusePort,
  'hand-off': HandOff,
  'shared-handle': SharedHandle,
};

/** @param sockets the strategy's, which closes them; several with `reuse-port` only
 * @throws the system's error; they are closed then. */
export function makeStrategy(
  strategy: StrategyName,
  policy: PolicyName,
  sockets: Sockets,
  surroundings: Surroundings,
): Strategy {
  try {
    if (isGated(strategy, policy) && surroundings.gate !== undefined) {
      return new GatedHandle(sockets, { ...surroundings, gate: surroundings.gate });
    }
    return new CLASSES[strategy](sockets, surroundings);
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
}
