import type { AsyncResource } from 'node:async_hooks';
import type { Server } from 'node:net';
import { binding, type Intake } from '../binding.js';
import type { WorkerLink } from '../link/link.js';
import { Slot } from '../load-table.js';
import { type Answer, type Loan, leaseOf } from '../messages.js';
import { BusyMark } from './busy-mark.js';
import { ConnectionMeter } from './connection-meter.js';
import { freeDebugPort } from './debug-port.js';
import { Drain } from './drain.js';
import { Gates } from './gates.js';
import { ListenHook } from './listen-hook.js';
import {
  closeDescriptor,
  connectionHandle,
  inheritNoDelay,
  isListeningHandle,
  lentHandle,
  listeningHandle,
  type ServerHandle,
  type TcpHandle,
} from './tcp-handle.js';

/** Connections that come at once at most; see native/burst.h. */
const MAX_BURST = 16;

interface Share {
  server: Server;
  handle: ServerHandle;
  /** The handle is a listening one, whose connections are counted as they pass through it. */
  countsItself: boolean;
  /** Of the listen() call: its connections run in it, as with a handle of Node's own. */
  context: AsyncResource;
  /** Its connections come with TCP_NODELAY set. */
  noDelay: boolean;
  /** The listening handle that came after the server's own, which is a stand-in. */
  loan?: TcpHandle;
}

/** net.Server's limit, and (Node 22 and later) its wish to drop here what is above it. */
interface Limits {
  maxConnections?: number | null;
  dropMaxConnection?: boolean;
  _connections: number;
}

/** The worker's half: owns its end of the link, its slot and what it listens on. */
export class EvenkeelWorker {
  readonly #link: WorkerLink;
  readonly #intake: Intake;
  /** What the intake brought. */
  readonly #fds = new Int32Array(MAX_BURST);
  readonly #slot: Slot;
  readonly #meter: ConnectionMeter;
  readonly #busy: BusyMark;
  readonly #gates: Gates;
  /** The socket an answer brought for a gate, until Node has made the server's handle; -1: none. */
  #borrowed = -1;
  readonly #hook: ListenHook;
  readonly #drain: Drain;
  /** By lease. */
  readonly #shares = new Map<number, Share>();

  constructor(link: WorkerLink) {
    const { Intake, LoadTable, LoopStamp } = binding();
    const { hello, shares } = link;
    this.#link = link;
    const table = new LoadTable({ shared: shares.table });
    this.#slot = new Slot(table, hello.slot);
    this.#gates = new Gates(table, hello.slot, shares.bell, onGateError);
    this.#intake = new Intake(
      table,
      hello.slot,
      shares.lane,
      this.#fds,
      (lease, hops, count, lost) => {
        if (count === 0 || lost > 0) this.#meter.countLost(lost);
        if (count > 0) this.#onConnections(lease, hops, count);
      },
      rarely(onIntakeError),
    );
    new LoopStamp(table, hello.slot, shares.waker);
    this.#meter = new ConnectionMeter(this.#slot, (server) => this.#gates.onLoad(server, isFull(server)));
    this.#busy = new BusyMark(this.#slot);
    this.#drain = new Drain(hello);
    this.#hook = new ListenHook((...adopted) => this.#adopt(...adopted));
  }

  start(): void {
    if (this.#link.hello.supervised) freeDebugPort();
    const { supervised, primary } = this.#link.hello;
    if (supervised) endWith(primary);
    this.#hook.install();
    this.#busy.install();
    this.#drain.handleSignals();
    this.#link.start({
      onAnswer: (answer, fd) => this.#onAnswer(answer, fd),
      onLoan: (lease, loan, fd) => this.#onLoan(lease, loan, fd),
      onDrain: (order) => this.#drain.begin(order),
      onError: onLinkError,
    });
    this.#intake.start();
  }

  #onAnswer(answer: Answer, fd: number): void {
    if (fd < 0) return this.#hook.answer(answer);
    const lease = leaseOf(answer.key);
    if (answer.gate !== null && this.#gates.canShare()) {
      // Node makes a stand-in for the handle, as where the primary accepts.
      this.#borrowed = fd;
      this.#hook.answer(answer);
      if (this.#borrowed >= 0) binding().closeFd(this.#borrowed);
      this.#borrowed = -1;
      return;
    }
    this.#hook.answer(answer, () =>
      listeningHandle(fd, (deliver, client) => this.#count(lease, deliver, client)),
    );
  }

  /** What a lease was promised: its server has listened for some time, and heard nothing. */
  #onLoan(lease: number, { gate, backlog }: Loan, fd: number): void {
    const share = this.#shares.get(lease);
    if (share === undefined) return binding().closeFd(fd); // closed meanwhile
    if (gate !== null && this.#gates.canShare()) {
      const deliver = (connection: number): void => this.#deliver(lease, connection);
      this.#gates.share({ number: gate, takeSocket: fd }, share.server, deliver);
      return;
    }
    const around = (deliver: () => void, client?: TcpHandle): void => this.#count(lease, deliver, client);
    share.loan = lentHandle(fd, backlog, share.handle, around);
    share.countsItself = true;
    this.#intake.watchRoom();
  }

  /** Node has made the server's handle; from here on connections find it. */
  #adopt(answer: Answer, server: Server, handle: ServerHandle, context: AsyncResource): void {
    const lease = leaseOf(answer.key);
    this.#meter.watch(server);
    this.#drain.watch(server);
    this.#busy.watch(server);
    const countsItself = isListeningHandle(handle);
    if (countsItself) this.#intake.watchRoom();
    const share: Share = { server, handle, countsItself, context, noDelay: answer.noDelay };
    this.#shares.set(lease, share);
    const takeSocket = this.#borrowed;
    this.#borrowed = -1;
    if (answer.gate !== null && takeSocket >= 0) {
      this.#gates.share({ number: answer.gate, takeSocket }, server, (fd) => this.#deliver(lease, fd));
    }
    const close = handle.close;
    handle.close = (callback?: () => void) => {
      this.#gates.close(server); // may have taken the last ones from the queue
      this.#shares.delete(lease);
      // Node says 'close' to the primary first, which may then bind the port anew: let it be free by then.
      share.loan?.close();
      closeDescriptor(handle, callback);
      close.call(handle, callback);
    };
  }

  #onConnections(lease: number, hops: number, count: number): void {
    if (!this.#shares.has(lease)) this.#link.readNow(); // the lane may be ahead of the lease itself
    for (let i = 0; i < count; i++) {
      const fd = this.#fds[i] as number;
      const share = this.#shares.get(lease);
      if (share === undefined) {
        this.#giveBack(lease, hops, fd); // closed while it was on its way
      } else if (hops !== binding().finalHop && isFull(share.server)) {
        this.#giveBack(lease, hops + 1, fd);
      } else {
        try {
          this.#deliver(lease, fd);
        } catch (error) {
          // The application's own: an uncaughtException, as it would be anywhere, but after the others of
          // this burst have been delivered.
          setImmediate(() => {
            throw error;
          });
        }
      }
    }
  }

  /** Gives the server a connection that was accepted for it. */
  #deliver(lease: number, fd: number): void {
    const share = this.#shares.get(lease);
    if (share === undefined) return binding().closeFd(fd);
    let client: TcpHandle;
    try {
      // Outside of the listen() call's context, as where Node accepts: the socket's own events have none.
      client = connectionHandle(fd);
    } catch (error) {
      this.#meter.countLost(1);
      throw error;
    }
    share.context.runInAsyncScope(this.#inject, this, share, client);
  }

  #inject({ server, handle, countsItself, noDelay }: Share, client: TcpHandle): void {
    if (noDelay && !countsItself) inheritNoDelay(client, isNoDelay(server));
    const deliver = (): void => handle.onconnection?.call(handle, 0, client);
    if (countsItself) deliver();
    else this.#meter.count(server, deliver);
  }

  #count(lease: number, deliver: () => void, client: TcpHandle | undefined): void {
    const share = this.#shares.get(lease);
    if (share === undefined) return deliver();
    if (share.noDelay && client !== undefined) inheritNoDelay(client, isNoDelay(share.server));
    this.#meter.count(share.server, deliver);
  }

  #giveBack(lease: number, hops: number, fd: number): void {
    if (this.#link.giveBack({ lease, hops, fd })) this.#intake.returned();
    else this.#meter.countLost(1);
  }
}

/** Were this process blocked when its primary dies, it would not notice. */
function endWith(primary: number): void {
  try {
    binding().endWithParent?.(primary);
  } catch (error) {
    // A sandbox or an emulator that does not know of it: everything else works.
    const { message, code = 'ERR_UNSUPPORTED' } = error as NodeJS.ErrnoException;
    const text = `blocked, this worker will outlive its primary: ${message}`;
    process.emitWarning(text, { type: 'EvenkeelWarning', code });
  }
}

function isNoDelay(server: Server): boolean {
  return (server as { noDelay?: unknown }).noDelay === true;
}

function isFull(server: Server): boolean {
  const { maxConnections, dropMaxConnection, _connections } = server as unknown as Limits;
  return typeof maxConnections === 'number' && _connections >= maxConnections && !dropMaxConnection;
}

/** Who is short of descriptors may run out of them twenty times a second: one warning in so many ms. */
const ERROR_INTERVAL = 10_000;

function rarely(report: (error: NodeJS.ErrnoException) => void): (error: NodeJS.ErrnoException) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - last < ERROR_INTERVAL) return;
    last = performance.now();
    report(error);
  };
}

function onGateError(error: NodeJS.ErrnoException): void {
  process.emitWarning(`the gated listener: ${error.message}`, {
    type: 'EvenkeelWarning',
    code: error.code ?? 'ERR_UNSUPPORTED',
  });
}

function onIntakeError(error: NodeJS.ErrnoException): void {
  process.emitWarning(`connections from the primary: ${error.message}; they go to other workers meanwhile`, {
    type: 'EvenkeelWarning',
    code: error.code ?? 'ERR_CHANNEL_MESSAGE',
  });
}

function onLinkError(error: NodeJS.ErrnoException): void {
  process.emitWarning(`the link to the primary: ${error.message}`, {
    type: 'EvenkeelWarning',
    code: error.code ?? 'ERR_CHANNEL_MESSAGE',
  });
}
