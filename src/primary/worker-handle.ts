import type { Worker } from 'node:cluster';
import { type Bell, binding, type Lane, type ListenSocket, type NativeLoadTable } from '../binding.js';
import type { PrimaryLink, Returned, Sharing } from '../link/link.js';
import { makeLink } from '../link/open.js';
import { Slot } from '../load-table.js';
import type { Answer, DrainOrder, Loan } from '../messages.js';
import type { Listener } from './listener.js';

/** A lane that could not be emptied for want of descriptors is tried again after so many ms. */
const RECOVER_INTERVAL = 50;

/** The end of a time in which a worker's loop was blocked and connections waited for it. */
export interface Rescue {
  /** How long it was blocked, in ms. */
  duration: number;
  /** How many of the connections that waited for it were given to others. */
  rescued: number;
}

/** A worker as the primary sees it: its slot, its link, its lane and its leases. */
export class WorkerHandle {
  readonly slot: Slot;
  readonly link: PrimaryLink;
  /** Where connections are sent to it. */
  readonly lane: Lane;
  /** Rung to wake the worker's loop. */
  readonly bell: Bell;
  /** By lease: what this worker listens on. */
  readonly leases = new Map<number, Listener>();
  /** Leases it knows of: connections under them may be sent to it. */
  readonly adopted = new Set<number>();
  /** It listens, and gets nothing before it is released. */
  isHeld = false;
  /** It was told to finish and end. */
  isDraining = false;
  /** It was sent a SIGTERM, or its application ends it: what it closes by itself comes before its drain, or its end. */
  isEnding = false;
  /** Times its loop was blocked while connections waited for it. */
  stalls = 0;
  /** Connections given to others then. */
  rescued = 0;
  /** Ended ones too: connections under them may come back until the worker's end. */
  readonly everLeased: number[] = [];
  #worker: Worker | undefined;

  /** Everything the worker finds as it starts.
   * @throws the system's error; nothing stays open then. */
  constructor(
    table: NativeLoadTable,
    slot: number,
    supervised: boolean,
    onReturned: (worker: WorkerHandle, returned: Returned) => void,
    onError: (worker: WorkerHandle, error: NodeJS.ErrnoException) => void,
  ) {
    const { Bell, Lane, shareWaker } = binding();
    this.slot = new Slot(table, slot);
    this.lane = new Lane(table, slot);
    let bell: Bell | undefined;
    const sharing: Sharing = {
      table: () => table.share(),
      bell: () => this.bell.share(),
      lane: () => this.lane.share(),
      waker: shareWaker,
    };
    try {
      this.bell = bell = new Bell();
      this.link = makeLink({ slot, supervised, primary: process.pid }, sharing, {
        onReturned: (returned) => onReturned(this, returned),
        onError: (error) => onError(this, error),
      });
    } catch (error) {
      bell?.close();
      this.lane.close();
      throw error;
    }
    this.slot.begin();
  }

  /** The process node:cluster made. */
  get worker(): Worker | undefined {
    return this.#worker;
  }

  set worker(worker: Worker) {
    this.#worker = worker;
    const pid = worker.process.pid ?? 0;
    this.slot.pid = pid;
    this.lane.setWorker(pid);
    this.link.attach(worker);
  }

  get label(): string {
    return `worker ${this.#worker?.id ?? '?'} (pid ${this.#worker?.process.pid ?? '?'})`;
  }

  /** `onAdopted`: connections may be sent to it. */
  answer(lease: number, answer: Answer, socket?: ListenSocket, onAdopted = (): void => {}): void {
    this.link.answer(lease, answer, socket, onAdopted);
  }

  lend(lease: number, loan: Loan, socket: ListenSocket): void {
    this.link.lend(lease, loan, socket);
  }

  countStall({ rescued }: Rescue): void {
    this.stalls++;
    this.rescued += rescued;
  }

  /** After the worker's death: connections it had not taken go to others. After the last lease has ended. */
  recover(): void {
    if (this.lane.recover()) this.lane.close();
    else setTimeout(() => this.recover(), RECOVER_INTERVAL).unref();
  }

  /** After recover(). */
  close(): void {
    this.link.close();
    this.bell.close();
  }

  drain(order: DrainOrder): void {
    this.isDraining = true;
    this.link.drain(order);
  }
}
