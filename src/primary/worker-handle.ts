import type { Worker } from 'node:cluster';
import { binding, type Channel, type ChannelMessage, type Lane, type NativeLoadTable } from '../binding.js';
import { Slot } from '../load-table.js';
import type { Answer, Hello } from '../messages.js';
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

/** A worker as the primary sees it: its slot, its channel, its lane and its leases. */
export class WorkerHandle {
  readonly slot: Slot;
  readonly channel: Channel;
  /** Where connections are sent to it. */
  readonly lane: Lane;
  /** An fd: rung to wake the worker's loop. */
  readonly bell: number;
  /** By lease: what this worker listens on. */
  readonly leases = new Map<number, Listener>();
  /** It was told to finish and end. */
  isDraining = false;
  /** Times its loop was blocked while connections waited for it. */
  stalls = 0;
  /** Connections given to others then. */
  rescued = 0;
  /** Ended ones too: connections under them may come back until the worker's end. */
  readonly everLeased: number[] = [];
  #worker: Worker | undefined;

  readonly #table: NativeLoadTable;

  /** @throws the system's error; nothing stays open then. */
  constructor(
    table: NativeLoadTable,
    slot: number,
    onMessage: (worker: WorkerHandle, message: ChannelMessage) => void,
    onError: (worker: WorkerHandle, error: NodeJS.ErrnoException) => void,
  ) {
    this.#table = table;
    this.slot = new Slot(table, slot);
    this.lane = new (binding().Lane)(table, slot);
    try {
      this.channel = new (binding().Channel)(
        (message) => onMessage(this, message),
        (error) => onError(this, error),
      );
    } catch (error) {
      this.lane.close();
      throw error;
    }
    try {
      this.bell = binding().newBell();
    } catch (error) {
      this.channel.close();
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
    this.slot.pid = worker.process.pid ?? 0;
  }

  get label(): string {
    return `worker ${this.#worker?.id ?? '?'} (pid ${this.#worker?.process.pid ?? '?'})`;
  }

  /** What the worker finds in the channel as it starts; each of these brings a descriptor. */
  hello(hello: Hello): void {
    const { messageTypes, duplicateFd, shareWaker } = binding();
    this.channel.send(messageTypes.hello, 0, 0, JSON.stringify(hello), this.#table.share());
    this.channel.send(messageTypes.bell, 0, 0, null, duplicateFd(this.bell));
    this.channel.send(messageTypes.lane, 0, 0, null, this.lane.workerFd());
    this.channel.send(messageTypes.waker, 0, 0, null, shareWaker());
  }

  answer(lease: number, answer: Answer, takeFd: number): void {
    this.channel.send(binding().messageTypes.answer, lease, 0, JSON.stringify(answer), takeFd);
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
    this.channel.close();
    binding().closeFd(this.bell);
  }

  drain(): void {
    this.isDraining = true;
    this.channel.send(binding().messageTypes.drain, 0, 0, null, -1);
  }
}
