import { loadAddon } from './addon.js';
import type { Channel, ChannelMessage, Group, Selector } from './binding-posix.js';

export type { Channel, ChannelMessage, Group, Selector };

/** What one process gives another to open, once: a descriptor, or on Windows a kernel object's name. */
export type Shared = number | string;

/** What the native addon exports: the one seam to the operating system. Every failure is an Error with
 * `code`, `errno` (negative) and `syscall`, as Node's own, and on Windows `winError`, the system's number. An fd
 * given to a `take…` parameter belongs to the addon from then on, whatever comes of the call. */
export interface Binding {
  readonly ListenSocket: new (options: ListenSocketOptions) => ListenSocket;
  /** `inKernel`: in a BPF map, where selector programs see it too; EPERM without CAP_BPF. Opening one, with
   * `shared`, needs no privilege. */
  readonly LoadTable: new (
    options: { slots: number; inKernel?: boolean } | { shared: Shared },
  ) => NativeLoadTable;
  /** `takeWaker`: rung before this loop sleeps while connections wait in the primary for somebody to have
   * time. */
  readonly LoopStamp: new (
    table: NativeLoadTable,
    slot: number,
    takeWaker: Shared | undefined,
  ) => { stop(): void };
  /** Not on Windows, and neither are Selector and Group. */
  readonly Channel: new (
    onMessage: (message: ChannelMessage) => void,
    onError: (error: NodeJS.ErrnoException) => void,
    takeFd?: number,
  ) => Channel;
  readonly Bell: new () => Bell;
  readonly Lane: new (table: NativeLoadTable, slot: number) => Lane;
  readonly Intake: new (
    table: NativeLoadTable,
    slot: number,
    takeLane: Shared,
    fds: Int32Array,
    onConnections: (lease: number, hops: number, count: number, lost: number) => void,
    onError: (error: NodeJS.ErrnoException) => void,
  ) => Intake;
  /** `seed`: of the hash of sources; one for the whole fleet, so that a client has one worker on all ports. */
  readonly Dispatcher: new (
    table: NativeLoadTable,
    policy: DispatchPolicy,
    seed: number,
  ) => Dispatcher;
  readonly Acceptor: new (
    socket: ListenSocket,
    dispatcher: Dispatcher,
    onError: (error: NodeJS.ErrnoException) => void,
  ) => Acceptor;
  readonly Gatekeeper: new (
    table: NativeLoadTable,
    slot: number,
    takeBell: Shared,
    onError: (error: NodeJS.ErrnoException) => void,
  ) => Gatekeeper;
  readonly Watchdog: new (
    table: NativeLoadTable,
    socket: ListenSocket,
    gate: number,
    onError: (error: NodeJS.ErrnoException) => void,
  ) => Watchdog;
  /** Loads a selector program, the choice of a member of a reuseport group for each new connection. With
   * `ebpf` the table must be in the kernel. `seed`: of the hash of sources. */
  readonly Selector: new (
    table: NativeLoadTable,
    policy: GroupPolicy,
    mechanism: SelectorMechanism,
    seed: number,
  ) => Selector;
  /** `selector`: null: the kernel's hash chooses. `threshold`: ms; 0: nobody is rescued. `onStall`: a worker's
   * loop blocks, or has ended to, and connections waited for it; `duration` in ms. */
  readonly Group: new (
    table: NativeLoadTable,
    dispatcher: Dispatcher,
    selector: Selector | null,
    threshold: number,
    onStall: (slot: number, ended: boolean, duration: number, rescued: number) => void,
    onError: (error: NodeJS.ErrnoException) => void,
  ) => Group;
  readonly layout: Readonly<Record<LayoutField, number>>;
  readonly messageTypes: Readonly<Record<MessageTypeName, number>>;
  readonly finalHop: number;
  /** A fresh TCP socket bound to nothing. The caller owns the fd. */
  unboundSocket(): number;
  /** What wakes this process's reactor from a worker; the caller's. */
  shareWaker(): Shared;
  closeFd(takeFd: number): void;
  /** Linux. From the death of the process `pid`, its parent, on this one has a second to end: it is killed then.
   * @throws the system's error */
  endWithParent?(pid: number): void;
  /** One datagram to a Unix socket; '@' begins an abstract name. Does not wait: EAGAIN where the receiver's queue
   * is full. Not on Windows. */
  sendDatagram(path: string, text: string): void;
  /** Of those who wait at one socket one alone is woken for a connection. */
  readonly wakesOne: boolean;
  /** Accepted connections have TCP_NODELAY where their listener has. */
  readonly inheritsNoDelay: boolean;
  /** A port may be in use for a while after its last listener has closed: Windows, while connections are open. */
  readonly portLingers: boolean;
  /** The effective user id of who connected to this Unix socket. Not on Windows. */
  peerUid?(fd: number): number;
  /** Windows: a socket for another process to open, once. It stays the caller's, who keeps it open until then. */
  shareSocket(fd: number, pid: number): Buffer;
  /** Windows: what shareSocket() made in another process. The caller owns the fd. */
  openSocket(shared: Buffer): number;
  /** Windows: runs `make`, which makes a process, while no socket of another thread could be inherited by it. */
  makeProcess?<T>(make: () => T): T;
  /** Windows: open handles of this process. */
  handleCount(): number;
}

export type MessageTypeName = 'hello' | 'answer' | 'bell' | 'lane' | 'waker' | 'returned' | 'drain' | 'lend';

export type DispatchPolicy = 'round-robin' | 'least-connections' | 'source-hash';

export type GroupPolicy = 'hash' | 'random' | 'source-hash' | 'round-robin' | 'least-connections';

export type SelectorMechanism = 'ebpf' | 'cbpf';

export type LayoutField =
  | 'headerSize'
  | 'used'
  | 'slotSize'
  | 'state'
  | 'adjust'
  | 'assigned'
  | 'taken'
  | 'accepted'
  | 'closed'
  | 'stamp'
  | 'pid'
  | 'idle'
  | 'called'
  | 'answered'
  | 'shares'
  | 'virtualTime'
  | 'open'
  | 'depth';

export interface ListenSocketOptions {
  /** An address, or null for the unspecified one: `::` dual stack, else `0.0.0.0`. */
  host: string | null;
  family?: 4 | 6;
  /** 0: the kernel chooses. */
  port: number;
  ipv6Only?: boolean;
  /** Default 511, as Node's. */
  backlog?: number;
  /** Connections inherit TCP_NODELAY. */
  noDelay?: boolean;
  /** A listening TCP socket that somebody else has too, and keeps when we end, unless we own() it: used as it is,
   * whatever the rest here says. EINVAL where it is anything else. Not on Windows. */
  takeFd?: number;
}

export interface SocketAddress {
  address: string;
  family: 'IPv4' | 'IPv6';
  port: number;
}

/** A listening socket. Closed by close(), at the latest by the garbage collector. */
export interface ListenSocket {
  fd(): number;
  address(): SocketAddress;
  /** It is an IPv6 socket, and for IPv6 alone. */
  ipv6Only(): boolean;
  /** Lets member() join; before that the port is exclusively this socket's. */
  allowReusePort(): void;
  member(): ListenSocket;
  /** Connections waiting in the accept queue; on Windows 1 where any do. */
  queueLength(): number;
  /** The next connection's fd (the caller owns it), or -1. */
  accept(): number;
  /** A duplicate; the caller owns it. */
  share(): number;
  /** Whether a handshake completes only when the client's first bytes are there, or after a second. */
  deferAccept(defer: boolean): void;
  /** Drops new SYNs from now on; what is under way completes. False where the system cannot (Windows), or where
   * the socket is somebody else's, too. */
  retire(): boolean;
  /** Somebody else listens on it too, and goes on when we end. */
  isOthers(): boolean;
  /** Nobody else does any more. `backlog`: from now on. Not on Windows, nor are the next two. */
  own(backlog: number): void;
  /** Whether connections to come inherit TCP_NODELAY. */
  noDelay(on: boolean): void;
  /** No selector program chooses among its group any more. */
  detachSelector(): void;
  close(): void;
}

export interface NativeLoadTable {
  buffer(): ArrayBuffer;
  slots(): number;
  /** For a worker. EBADF of one that was opened: it has nothing to share. */
  share(): Shared;
  /** What is made of it keeps it mapped. */
  close(): void;
}

/** Wakes one loop, of this process or another. */
export interface Bell {
  share(): Shared;
  close(): void;
}

/** The way on which connections reach one worker. */
export interface Lane {
  /** Whose it is, before anything is sent. */
  setWorker(pid: number): void;
  /** The worker's end. */
  share(): Shared;
  /** Connections sent that the worker has not taken yet. */
  untaken(): number;
  /** Its worker has sent a connection back. */
  returned(): void;
  /** Makes the worker's loop turn, if it can: by an empty burst, where nothing else is on its way. */
  nudge(): void;
  /** After the worker's death: gives what it had not taken to others. False: for want of descriptors not all
   * of it yet. */
  recover(): boolean;
  close(): void;
}

/** A worker's end of its lane. The `fds` array it was made with has the descriptors of each
 * `onConnections(lease, hops, count, lost)`, which owns them; `lost` had no number here. With none of either
 * the primary asks for a turn of the loop and for the slot to be written anew. */
export interface Intake {
  start(): void;
  /** Takes one burst, if there is one. */
  take(): boolean;
  /** A connection taken was sent back. */
  returned(): void;
  /** The worker accepts by itself, too: where it has no descriptors left, that is said. */
  watchRoom(): void;
  stop(): void;
}

export interface Dispatcher {
  add(lane: Lane, lease: number): void;
  remove(lease: number): void;
  offer(takeFd: number, hops: number, exceptLease: number): void;
  /** Connections nobody could take yet. */
  held(): number;
  close(): void;
}

export interface Acceptor {
  /** Accepts what is in the accept queue, and no more. */
  finish(): void;
  close(): void;
}

/** A worker's gates, one for each listener it shares. A gate's number, 0 to 31, is the same in every worker. */
export interface Gatekeeper {
  /** `onConnection` owns the fd it is given. Does not keep the loop alive. */
  listen(takeFd: number, gate: number, onConnection: (fd: number) => void): void;
  /** The server is full: the others do not wait for this worker. */
  withdraw(gate: number, withdrawn: boolean): void;
  close(gate: number): void;
  stop(): void;
}

/** Sees to it that no connection of a gated listener waits while a worker could take it. */
export interface Watchdog {
  /** Rings the bell until remove(). */
  add(slot: number, bell: Bell): void;
  remove(slot: number): void;
  look(): void;
  close(): void;
}

let loaded: Binding | undefined;

/** The addon, loaded on first use.
 * @throws EvenkeelError ERR_ADDON_UNAVAILABLE: loadAddon() says when. */
export function binding(): Binding {
  loaded ??= loadAddon();
  return loaded;
}
