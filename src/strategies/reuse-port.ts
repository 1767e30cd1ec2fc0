import {
  type Acceptor,
  binding,
  type Dispatcher,
  type ListenSocket,
  type ListenSocketOptions,
} from '../binding.js';
import type { OnAcceptError, Strategy, Surroundings } from './strategy.js';

/** Kernel port sharing: a group of SO_REUSEPORT sockets, one lent to each worker.
 *
 * The first socket binds alone and exclusively, so that a port somebody else listens on is EADDRINUSE as
 * ever; only then is the group opened. A member whose worker is gone keeps its place in the group (closing
 * it would reset its queue): the primary accepts from it for the other workers until the next worker to
 * come takes it over. */
export class ReusePort implements Strategy {
  readonly socket: ListenSocket;
  readonly gate = null;
  readonly #dispatcher: Dispatcher;
  readonly #onError: OnAcceptError;
  readonly #members: ListenSocket[];
  readonly #lent = new Map<number, ListenSocket>();
  /** Members no worker has, each served by the primary. The first starts here, lent at once. */
  readonly #orphans = new Map<ListenSocket, Acceptor>();

  constructor(options: ListenSocketOptions, { dispatcher, onError }: Surroundings) {
    this.socket = new (binding().ListenSocket)(options);
    this.socket.allowReusePort();
    this.#members = [this.socket];
    this.#dispatcher = dispatcher;
    this.#onError = onError;
    this.#serve(this.socket);
  }

  add(lease: number): ListenSocket {
    const member = this.#adopt() ?? this.#join();
    this.#lent.set(lease, member);
    return member;
  }

  remove(lease: number): void {
    const member = this.#lent.get(lease);
    if (member === undefined) return;
    this.#lent.delete(lease);
    this.#serve(member);
  }

  /** From here on the primary accepts from every member, so that nobody waits behind a blocked worker. */
  retire(): number {
    for (const member of this.#members) {
      member.retire();
      this.#serve(member);
    }
    return 0;
  }

  queueLength(): number {
    return this.#members.reduce((sum, member) => sum + member.queueLength(), 0);
  }

  close(): void {
    for (const acceptor of this.#orphans.values()) acceptor.close();
    for (const member of this.#members) member.close();
  }

  #serve(member: ListenSocket): void {
    if (this.#orphans.has(member)) return;
    this.#orphans.set(member, new (binding().Acceptor)(member, this.#dispatcher, this.#onError));
  }

  #adopt(): ListenSocket | undefined {
    for (const [member, acceptor] of this.#orphans) {
      acceptor.close();
      this.#orphans.delete(member);
      return member;
    }
    return undefined;
  }

  #join(): ListenSocket {
    const member = this.socket.member();
    this.#members.push(member);
    return member;
  }
}
