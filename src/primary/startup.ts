import { EvenkeelError } from '../errors.js';
import type { Log } from '../log.js';
import type { Roster } from './roster.js';
import type { Seat } from './seat.js';

interface StartupOptions {
  entry: string;
  listenTimeout: number;
  waitReady: boolean;
  /** All or none: one worker that ends before every one is ready, or is not ready within listenTimeout, is a failure. */
  isStrict: boolean;
  log: Log;
}

/** Decides when a fleet has started: every worker is ready; or listenTimeout has passed (said, and not
 * fatal: some servers start slowly); or every worker's first process ended and none was ever ready. */
export class Startup {
  readonly settled: Promise<void>;
  readonly #roster: Roster;
  readonly #options: StartupOptions;
  #timer: NodeJS.Timeout | undefined;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};
  /** Seats whose first process ended while it was open whether any would ever listen. */
  readonly #heldBack = new Map<Seat, string>();
  #isOpen = true;

  constructor(roster: Roster, options: StartupOptions) {
    this.#roster = roster;
    this.#options = options;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** All have been forked. */
  begin(): void {
    this.#timer = setTimeout(() => this.#onTimeout(), this.#options.listenTimeout);
  }

  /** A worker became ready. */
  check(): void {
    if (!this.#options.isStrict) this.#goOn();
    if (this.#roster.seats.every((seat) => seat.state === 'ready')) this.#settle();
  }

  /** A worker's process ended `how`. True while it is open whether any worker will be ready: it is not
   * respawned then, or only later, when another has shown that the entry can start. */
  holdsBack(seat: Seat, how: string): boolean {
    if (!this.#isOpen) return false;
    this.#heldBack.set(seat, how);
    if (this.#options.isStrict || !this.#roster.seats.some((one) => one.isAlive)) this.#fail(how);
    return true;
  }

  cancel(): void {
    this.#isOpen = false;
    this.#settle();
  }

  #goOn(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const [seat, how] of this.#heldBack) this.#roster.recover(seat, how);
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
    const { seats } = this.#roster;
    const silent = seats.filter((seat) => seat.state === 'starting').length;
    const { listenTimeout, entry, waitReady, isStrict, log } = this.#options;
    const did = waitReady ? `say 'ready'` : 'call listen()';
    if (silent > 0 && isStrict) {
      const who = `${silent} of ${seats.length} workers`;
      return this.#reject(
        new EvenkeelError('ERR_ENTRY_FAILED', `${who} did not ${did} within ${listenTimeout} ms`),
      );
    }
    if (silent > 0) {
      const question = waitReady
        ? `Does ${entry} call process.send('ready')?`
        : `Does ${entry} start a server?`;
      log.warn(
        { listenTimeout, workers: silent },
        `${silent} of ${seats.length} workers did not ${did} within ${listenTimeout} ms; still waiting. ${question}`,
      );
    }
    this.#goOn();
    this.#settle();
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#isOpen = false;
    this.#resolve();
  }
}
