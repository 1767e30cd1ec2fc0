import type { Worker } from 'node:cluster';
import { binding, type Channel, type ChannelMessage } from '../binding.js';
import type { Slot } from '../load-table.js';
import type { Answer, Hello } from '../messages.js';
import type { Listener } from './listener.js';

/** A worker as the primary sees it: its slot, its channel and its leases. */
export class WorkerHandle {
  readonly slot: Slot;
  readonly channel: Channel;
  /** An fd: rung to wake the worker's loop. */
  readonly bell: number;
  /** By lease: what this worker listens on. */
  readonly leases = new Map<number, Listener>();
  /** Ended ones too: connections under them may come back until the worker's end. */
  readonly everLeased: number[] = [];
  #worker: Worker | undefined;

  constructor(
    slot: Slot,
    onMessage: (worker: WorkerHandle, message: ChannelMessage) => void,
    onError: (worker: WorkerHandle, error: NodeJS.ErrnoException) => void,
  ) {
    this.slot = slot;
    this.channel = new (binding().Channel)(
      (message) => onMessage(this, message),
      (error) => onError(this, error),
    );
    try {
      this.bell = binding().newBell();
    } catch (error) {
      this.channel.close();
      throw error;
    }
    slot.begin();
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

  hello(hello: Hello, takeTableFd: number): void {
    const { messageTypes, duplicateFd } = binding();
    this.channel.send(messageTypes.hello, 0, 0, JSON.stringify(hello), takeTableFd);
    this.channel.send(messageTypes.bell, 0, 0, null, duplicateFd(this.bell));
  }

  answer(lease: number, answer: Answer, takeFd: number): void {
    this.channel.send(binding().messageTypes.answer, lease, 0, JSON.stringify(answer), takeFd);
  }

  /** After the last lease has ended. */
  close(): void {
    this.channel.close();
    binding().closeFd(this.bell);
  }

  drain(): void {
    this.channel.send(binding().messageTypes.drain, 0, 0, null, -1);
  }
}
