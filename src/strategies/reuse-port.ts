import { binding, type Group, type ListenSocket, type Selector } from '../binding.js';
import type { Lessee, Sockets, Strategy, Surroundings } from './strategy.js';

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
  /** Members to be, at takeOver(). */
  #waiting: Sockets | undefined;
  readonly #members: Member[] = [];
  readonly #lent = new Map<number, Member>();
  /** Members no worker has. */
  readonly #free: Member[] = [];
  #retired = false;
  /** Since retire(): no new handshake comes to any member. */
  #refuses = true;
  #isOpen = true;

  constructor(sockets: Sockets, surroundings: Surroundings) {
    const { table, dispatcher, makeSelector, stallThreshold, onStall, onError, isWaiting } = surroundings;
    const [first] = sockets;
    this.socket = first;
    if (!isWaiting) first.allowReusePort();
    let selector: Selector | null = null;
    try {
      selector = makeSelector();
      this.#group = new (binding().Group)(table, dispatcher, selector, stallThreshold, onStall, onError);
    } finally {
      selector?.close(); // the group has it
    }
    this.#waiting = sockets;
    if (!isWaiting) this.#joinAll();
  }

  get sockets(): readonly ListenSocket[] {
    return [...this.#members.map(({ socket }) => socket), ...(this.#waiting ?? [])];
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

  /** The other process's program is to have the sockets, which the kernel allows one program alone. */
  letGo(): void {
    this.#isOpen = false;
    this.#group.close();
  }

  takeOver(): void {
    this.socket.allowReusePort(); // the other process may have had it alone
    this.socket.detachSelector();
    this.#joinAll();
  }

  queueLength(): number {
    if (!this.#isOpen) return 0;
    return this.#members.reduce((sum, { socket }) => sum + socket.queueLength(), 0);
  }

  close(): void {
    this.#isOpen = false;
    this.#group.close();
    for (const socket of this.#waiting ?? []) socket.close();
    for (const { socket } of this.#members) socket.close();
  }

  #joinAll(): void {
    const sockets = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const socket of sockets) this.#free.push(this.#join(socket));
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
