import { binding } from '../binding.js';
import type { Log } from '../log.js';

/** Where the receiver's queue is full, it is tried again after so many ms. */
const RETRY_INTERVAL = 100;
/** What waits then at most: who does not read for so long is not told what has been since. */
const MAX_WAITING = 100;

/** Tells the service manager how things are; the protocol of sd_notify(3). In order, and never waits for it. */
export class Notifier {
  readonly #path: string;
  readonly #log: Log;
  readonly #send: (path: string, text: string) => void;
  readonly #waiting: string[] = [];
  #retry: NodeJS.Timeout | undefined;
  #failed = false;

  /** @throws EvenkeelError ERR_ADDON_UNAVAILABLE: Node cannot send datagrams to Unix sockets */
  constructor(path: string, log: Log, send = binding().sendDatagram) {
    this.#path = path;
    this.#log = log;
    this.#send = send;
  }

  /** @param assignments 'READY=1', … */
  tell(...assignments: string[]): void {
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift();
    this.#waiting.push(assignments.join('\n'));
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#retry);
    while (this.#waiting.length > 0) {
      try {
        this.#send(this.#path, this.#waiting[0] as string);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
          this.#retry = setTimeout(() => this.#flush(), RETRY_INTERVAL);
          this.#retry.unref();
          return;
        }
        this.#onFailure(error as NodeJS.ErrnoException);
      }
      this.#waiting.shift();
    }
  }

  /** Once: the next ones will fail likewise. */
  #onFailure({ code, message }: NodeJS.ErrnoException): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#log.warn({ code }, `cannot notify the service manager (NOTIFY_SOCKET=${this.#path}): ${message}`);
  }
}
