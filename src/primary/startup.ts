import { EvenkeelError } from '../errors.js';
import type { Log } from '../log.js';
import type { Seat } from './seat.js';

interface StartupOptions {
  entry: string;
  listenTimeout: number;
  log: Log;
}

/** Decides when a fleet has started: every worker listens; or listenTimeout has passed (said, and not
 * fatal: some servers start slowly); or every worker's first process ended and none ever listened. */
export class Startup {
  readonly settled: Promise<void>;
  readonly #seats: readonly Seat[];
  readonly #options: StartupOptions;
  readonly #timer: NodeJS.Timeout;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};
  readonly #respawn: (seat: Seat, how: string) => void;
  /** Seats whose first process ended while it was open whether any would ever listen. */
  readonly #heldBack = new Map<Seat, string>();
  #isOpen = true;

  constructor(seats: readonly Seat[], options: StartupOptions, respawn: (seat: Seat, how: string) => void) {
    this.#seats = seats;
    this.#options = options;
    this.#respawn = respawn;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = setTimeout(() => this.#onTimeout(), options.listenTimeout);
  }

  /** A worker became ready. */
  check(): void {
    this.#goOn();
    if (this.#seats.every((seat) => seat.state === 'ready')) this.#settle();
  }

  /** A worker's process ended `how`. True while it is open whether any worker will listen: it is not
   * respawned then, or only later, when another has shown that the entry can start. */
  holdsBack(seat: Seat, how: string): boolean {
    if (!this.#isOpen) return false;
    this.#heldBack.set(seat, how);
    if (!this.#seats.some((one) => one.isAlive)) this.#fail(how);
    return true;
  }

  cancel(): void {
    this.#isOpen = false;
    this.#settle();
  }

  #goOn(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const [seat, how] of this.#heldBack) this.#respawn(seat, how);
    this.#heldBack.clear();
  }

  #fail(how: string): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    const { entry } = this.#options;
    const why =
      how === 'exit code 0'
        ? `ran to its end (${how}) and never called listen(). evenkeel runs servers: does ${entry} start one?`
        : `ended before it listened: ${how}. Its own message is above.`;
    this.#reject(new EvenkeelError('ERR_ENTRY_FAILED', `${entry} ${why}`));
  }

  #onTimeout(): void {
    const silent = this.#seats.filter((seat) => seat.state === 'starting').length;
    const { listenTimeout, entry, log } = this.#options;
    if (silent > 0) {
      log.warn(
        { listenTimeout, workers: silent },
        `${silent} of ${this.#seats.length} workers did not call listen() within ${listenTimeout} ms; still waiting. Does ${entry} start a server?`,
      );
    }
    this.#goOn();
    this.#settle();
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#resolve();
  }
}
