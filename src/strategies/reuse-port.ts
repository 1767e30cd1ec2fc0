import {
  binding,
  type Group,
  type ListenSocket,
  type ListenSocketOptions,
  type Selector,
} from '../binding.js';
import type { Lessee, Strategy, Surroundings } from './strategy.js';

interface Member {
  /** Its place in the group. */
  index: number;
  socket: ListenSocket;
}

/** Kernel port sharing: a group of SO_REUSEPORT sockets, one lent to each worker, and a selector program
 * that chooses among them.
 *
 * The first socket binds alone and exclusively, so that a port somebody else listens on is EADDRINUSE as
 * ever; only then is the group opened. A member whose worker is gone keeps its place in the group (closing
 * it would reset its queue): nothing new comes to it, and the primary accepts what it has for the other
 * workers, until the next worker to come takes it over. */
export class ReusePort implements Strategy {
  readonly socket: ListenSocket;
  readonly gate = null;
  readonly #group: Group;
  readonly #members: Member[] = [];
  readonly #lent = new Map<number, Member>();
  /** Members no worker has. */
  readonly #free: Member[] = [];
  #retired = false;
  /** Since retire(): no new handshake comes to any member. */
  #refuses = true;
  #isOpen = true;

  constructor(options: ListenSocketOptions, surroundings: Surroundings) {
    const { table, dispatcher, makeSelector, stallThreshold, onStall, onError } = surroundings;
    const { ListenSocket, Group } = binding();
    this.socket = new ListenSocket(options);
    let selector: Selector | null = null;
    try {
      this.socket.allowReusePort();
      selector = makeSelector();
      this.#group = new Group(table, dispatcher, selector, stallThreshold, onStall, onError);
    } catch (error) {
      this.socket.close();
      throw error;
    } finally {
      selector?.close(); // the group has it
    }
    this.#free.push(this.#join(this.socket));
  }

  add(lease: number, { lane }: Lessee): ListenSocket {
    const member = this.#free.shift() ?? this.#join(this.socket.member());
    this.#lent.set(lease, member);
    this.#group.lend(member.index, lane);
    return member.socket;
  }

  drain(lease: number): void {
    const member = this.#lent.get(lease);
    if (member !== undefined) this.#group.drain(member.index);
  }

  remove(lease: number): void {
    const member = this.#lent.get(lease);
    if (member === undefined) return;
    this.#lent.delete(lease);
    this.#group.reclaim(member.index);
    this.#free.push(member);
  }

  /** From here on the primary accepts from every member, so that nobody waits behind a blocked worker. */
  retire(): number {
    this.#retired = true;
    for (const { socket } of this.#members) this.#refuse(socket);
    this.#group.retire();
    return 0;
  }

  /** Where new handshakes are not refused, whoever came now would wait for workers that end. */
  shut(): void {
    if (!this.#refuses) this.close();
  }

  queueLength(): number {
    if (!this.#isOpen) return 0;
    return this.#members.reduce((sum, { socket }) => sum + socket.queueLength(), 0);
  }

  close(): void {
    this.#isOpen = false;
    this.#group.close();
    for (const { socket } of this.#members) socket.close();
  }

  #refuse(socket: ListenSocket): void {
    if (!socket.retire()) this.#refuses = false;
  }

  #join(socket: ListenSocket): Member {
    if (this.#retired) this.#refuse(socket); // its worker came late: nobody new gets in here either
    const member = { index: this.#group.join(socket), socket };
    this.#members.push(member);
    return member;
  }
}
