import type { MainThread } from './main-thread.js';

/** What a worker's loop shows of itself. */
export interface Sign {
  /** Its loop stamp. */
  stamp: bigint;
  /** The thread that turns it; undefined where that cannot be known. */
  thread: MainThread | undefined;
}

/** Of a stamp that stands still. */
interface Stand {
  sign: Sign;
  /** When it was first seen so, ms. */
  since: number;
  /** For how long its thread could have turned the loop since then, ms. */
  silence: number;
}

const MAX_INTERVAL = 5000;

/** Who is silent: whose loop stamp has not moved for a time, though at each look its loop was asked to turn. Time in
 * which its thread waited for a processor does not count. Pure: told the times. */
export class Silences<Key> {
  readonly interval: number;
  readonly #timeout: number;
  #stands = new Map<Key, Stand>();
  #last = Number.NaN;

  /** @param timeout ms */
  constructor(timeout: number) {
    this.#timeout = timeout;
    this.interval = Math.min(timeout / 4, MAX_INTERVAL);
  }

  /** To be called every `interval` ms; whoever is given is then asked to turn its loop.
   * @param now ms of a monotonic clock
   * @returns since how long the stamps of those stand still that were silent for the timeout, ms */
  look(now: number, signs: Iterable<readonly [Key, Sign]>): Map<Key, number> {
    const passed = now - this.#last;
    this.#last = now;
    // We have been stopped ourselves, or the machine: so may they have been, and nobody has asked them.
    const wasLate = passed - this.interval > this.#timeout / 2;
    const before = this.#stands;
    this.#stands = new Map();
    const silent = new Map<Key, number>();
    for (const [key, sign] of signs) {
      let stand = before.get(key);
      if (stand?.sign.stamp !== sign.stamp || wasLate) stand = { sign, since: now, silence: 0 };
      else stand = { ...stand, sign, silence: stand.silence + counted(passed, stand.sign, sign) };
      this.#stands.set(key, stand);
      if (stand.silence >= this.#timeout) silent.set(key, now - stand.since);
    }
    return silent;
  }
}

/** How much of the time that has passed a thread has run, or slept. */
function counted(passed: number, { thread: before }: Sign, { thread }: Sign): number {
  if (before === undefined || thread?.state !== 'R') return passed;
  return Math.min(passed, thread.cpu - before.cpu);
}
