import { binding, type ListenSocket, type ListenSocketOptions } from '../binding.js';
import type { Strategy } from './strategy.js';

/** Handle passing: one socket, which every worker borrows and accepts from. A worker's death leaves the
 * queue to the others. */
export class SharedHandle implements Strategy {
  readonly socket: ListenSocket;
  readonly gate = null;

  constructor(options: ListenSocketOptions) {
    this.socket = new (binding().ListenSocket)(options);
  }

  add(): ListenSocket {
    return this.socket;
  }

  drain(): void {}

  remove(): void {}

  retire(): number {
    this.socket.retire();
    return 0;
  }

  queueLength(): number {
    return this.socket.queueLength();
  }

  close(): void {
    this.socket.close();
  }
}
