import {
  binding,
  type Dispatcher,
  type DispatchPolicy,
  type ListenSocket,
  type NativeLoadTable,
  type Selector,
  type SelectorMechanism,
  type SocketAddress,
} from '../binding.js';
import { isIpv6Only, type Question } from '../messages.js';
import type { PolicyName, StrategyName } from '../strategies/select.js';
import { makeStrategy, type OnAcceptError, type OnStall, type Strategy } from '../strategies/strategy.js';
import type { GivenSockets } from './given-sockets.js';
import type { WorkerHandle } from './worker-handle.js';

/** Node's own default: listen(2) with 511 makes a queue of 512. */
const DEFAULT_BACKLOG = 511;

/** Whether the kernel waits for a client's first bytes before it hands out the connection; `auto`: where the
 * protocol has the client speak first, as far as can be told. */
export type DeferAccept = boolean | 'auto';

/** What the primary gives a listener to work with. */
export interface Provision {
  strategy: StrategyName;
  policy: PolicyName;
  /** What the selector program of a reuseport group is made with; null: without one. */
  mechanism: SelectorMechanism | null;
  table: NativeLoadTable;
  /** A free gate number, if there is one. */
  gate: number | undefined;
  seed: number;
  deferAccept: DeferAccept;
  /** Milliseconds; see StartOptions. */
  stallThreshold: number;
  /** Sockets this process was started with that listen where the question wants to. */
  given: (question: Question) => GivenSockets | undefined;
  onStall: OnStall;
  onError: OnAcceptError;
}

/** One address and port the workers share, and who of them listens there. */
export class Listener {
  readonly key: string;
  readonly address: SocketAddress;
  readonly protocol: Question['protocol'];
  /** Its connections inherit TCP_NODELAY, since the first server to listen sets it. */
  readonly noDelay: boolean;
  readonly backlog: number;
  /** What the first worker to listen gave the others: TLS ticket keys. */
  data: unknown;
  /** Who gave the sockets goes on listening on them when we have ended. */
  readonly isOthers: boolean;
  readonly #dispatcher: Dispatcher;
  readonly #strategy: Strategy;
  readonly #leases = new Map<number, WorkerHandle>();
  #wasLent: boolean;

  /** @throws the system's error where the address cannot be listened on; nothing stays open then. */
  constructor(key: string, question: Question, provision: Provision) {
    const { strategy, policy, table, gate, seed, onStall, onError } = provision;
    this.key = key;
    this.protocol = question.protocol;
    this.backlog = Number(question.backlog) || DEFAULT_BACKLOG;
    this.noDelay = question.noDelay && binding().inheritsNoDelay;
    this.#dispatcher = new (binding().Dispatcher)(table, dispatchPolicy(strategy, policy), seed);
    const { protocol } = question;
    try {
      const given = provision.given(question);
      const wantsDefer = provision.deferAccept === 'auto' ? protocol !== 'tcp' : provision.deferAccept;
      const isWaiting = given?.isWaiting ?? false;
      this.#wasLent = isWaiting; // by who had them before
      this.isOthers = given?.isOthers ?? false;
      // The other workers' tickets are good in the first one, too.
      this.data = given?.data ?? question.data;
      this.#strategy = makeStrategy(strategy, policy, given?.sockets ?? [this.#listen(question)], {
        table,
        dispatcher: this.#dispatcher,
        gate,
        // Of a socket that outlives us its owner decides: DeferAcceptSec= of its unit.
        deferAccept: this.isOthers ? undefined : wantsDefer,
        isWaiting,
        makeSelector: () => makeSelector(provision),
        // By source a client waits for its worker.
        stallThreshold: policy === 'source-hash' ? 0 : provision.stallThreshold,
        onStall,
        onError,
      });
      if (given !== undefined && !isWaiting) this.#setUp();
    } catch (error) {
      this.#dispatcher.close();
      throw error;
    }
    this.address = this.#strategy.socket.address();
  }

  /** See Strategy.gate. */
  get gate(): number | null {
    return this.#strategy.gate;
  }

  /** A worker has had its share, if of the process whose place this one takes: there may be clients. */
  get wasLent(): boolean {
    return this.#wasLent;
  }

  get isEmpty(): boolean {
    return this.#leases.size === 0;
  }

  has(worker: WorkerHandle): boolean {
    for (const held of this.#leases.values()) if (held === worker) return true;
    return false;
  }

  /** The worker is to have a share, once it is ready. */
  promise(lease: number, worker: WorkerHandle): void {
    this.#leases.set(lease, worker);
    worker.leases.set(lease, this);
  }

  /** Lends the worker its share; what comes back is the socket it shall accept from itself, if any.
   * The worker gets connections only after open(). */
  lend(lease: number, worker: WorkerHandle): ListenSocket | undefined {
    const { slot, bell, lane } = worker;
    const socket = this.#strategy.add(lease, { slot: slot.index, bell, lane });
    this.promise(lease, worker);
    this.#wasLent = true;
    return socket;
  }

  /** The worker knows of its lease: connections may be sent to it. */
  open(lease: number, worker: WorkerHandle): void {
    if (this.#leases.has(lease)) this.#dispatcher.add(worker.lane, lease); // else it has closed since
  }

  /** The worker is about to stop listening. */
  drain(lease: number): void {
    this.#strategy.drain(lease);
  }

  /** The worker's share ends; false where it had ended before. */
  endLease(lease: number): boolean {
    const worker = this.#leases.get(lease);
    if (worker === undefined) return false;
    this.#leases.delete(lease);
    worker.leases.delete(lease);
    this.#dispatcher.remove(lease);
    this.#strategy.remove(lease);
    return true;
  }

  /** A connection that a worker returned or left behind. */
  offer(takeFd: number, hops: number, exceptLease: number): void {
    this.#dispatcher.offer(takeFd, hops, exceptLease);
  }

  /** See Strategy.retire(). */
  retire(): number {
    return this.#strategy.retire();
  }

  /** See Strategy.shut(). */
  shut(): void {
    this.#strategy.shut();
  }

  /** See Strategy.letGo(). */
  letGo(): void {
    this.#strategy.letGo();
  }

  /** See Strategy.takeOver(). */
  takeOver(): void {
    this.#setUp();
    this.#strategy.takeOver();
  }

  /** What another process needs to go on with it; the descriptors are the caller's.
   * @throws the system's error; there are none then. */
  share(): { key: string; isOthers: boolean; data: unknown; fds: number[] } {
    const fds: number[] = [];
    try {
      for (const socket of this.#strategy.sockets) fds.push(socket.share());
    } catch (error) {
      for (const fd of fds) binding().closeFd(fd);
      throw error;
    }
    return { key: this.key, isOthers: this.isOthers, data: this.data, fds };
  }

  /** Connections no worker has yet. */
  waiting(): number {
    return this.#strategy.queueLength() + this.#dispatcher.held();
  }

  close(): void {
    this.#strategy.close();
    this.#dispatcher.close();
  }

  #listen({ address, addressType, port, flags }: Question): ListenSocket {
    return new (binding().ListenSocket)({
      host: address ?? null,
      family: addressType,
      port,
      ipv6Only: isIpv6Only({ flags }),
      backlog: this.backlog,
      noDelay: this.noDelay,
    });
  }

  /** Sockets that came as they were are to be as those we make. */
  #setUp(): void {
    for (const socket of this.#strategy.sockets) {
      socket.noDelay(this.noDelay);
      if (!this.isOthers) socket.own(this.backlog);
    }
  }
}

/** Who gets a connection that the primary has. Elsewhere than with `hand-off` these are few, what a worker
 * left behind: they go where there is room. */
function dispatchPolicy(strategy: StrategyName, policy: PolicyName): DispatchPolicy {
  if (policy === 'source-hash') return policy;
  if (strategy === 'hand-off' && policy === 'round-robin') return policy;
  return 'least-connections';
}

function makeSelector({ policy, mechanism, table, seed }: Provision): Selector | null {
  if (mechanism === null || policy === 'none') return null;
  return new (binding().Selector)(table, policy, mechanism, seed);
}

/** As node:cluster since Node 22: servers on port 0 are told apart by their order in the worker. */
export function addressKey({ address, port, addressType, index }: Question): string {
  return `${address}:${port}:${addressType}${port === 0 ? `:${index}` : ''}`;
}
