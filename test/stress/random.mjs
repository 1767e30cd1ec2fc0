/** Numbers that a seed repeats. mulberry32, by T. Ettinger. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** 0 to 1, without 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** 0 to `count` - 1. */
  index(count) {
    return Math.floor(this.next() * count);
  }

  /** Every order of magnitude between the two as likely as the next: short times matter as much as long. */
  between(low, high) {
    return low * (high / low) ** this.next();
  }

  /** One of `choices`, [weight, what] each. */
  choose(choices) {
    let left = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, what] of choices) {
      left -= weight;
      if (left < 0) return what;
    }
    return choices[choices.length - 1][1];
  }
}
