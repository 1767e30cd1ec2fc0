/** A worker's loop stamp, and since when it has stood still, ms. */
interface Stamp {
  stamp: bigint;
  since: number;
}

/** Who is silent: whose loop stamp has not moved for a time, though at each look its loop was asked to turn. Pure:
 * told the times. */
export class Silences<Key> {
  readonly interval: number;
  readonly #timeout: number;
  #stamps = new Map<Key, Stamp>();
  #last: number | undefined;

  /** @param timeout ms */
  constructor(timeout: number) {
    this.#timeout = timeout;
    this.interval = Math.min(timeout / 4, MAX_INTERVAL);
  }

  /** To be called every `interval` ms; whoever is given is then asked to turn its loop.
   * @param now ms of a monotonic clock
   * @returns for how long each of those has been silent that were so for the timeout, ms */
  look(now: number, stamps: Iterable<readonly [Key, bigint]>): Map<Key, number> {
    // We have been stopped ourselves, or the machine: so may they have been, and nobody has asked them.
    const wasLate = this.#last !== undefined && now - this.#last - this.interval > this.#timeout / 2;
    this.#last = now;
    const before = this.#stamps;
    this.#stamps = new Map();
    const silent = new Map<Key, number>();
    for (const [key, stamp] of stamps) {
      const known = before.get(key);
      const stands = known?.stamp === stamp && !wasLate;
      const since = stands ? known.since : now;
      this.#stamps.set(key, { stamp, since });
      if (now - since >= this.#timeout) silent.set(key, now - since);
    }
    return silent;
  }
}

const MAX_INTERVAL = 5000;
