/** Seconds. */
const TIME_CONSTANT = 2;
/** Seconds that a step counts for at most: who is asked more rarely takes more of them, not larger ones. */
const LONGEST_STEP = 1;
/** It grows in proportion to what there is of it, so nothing would stay nothing. */
const LEAST = 0.01;

/** Headroom, 0 to 1, after so many seconds in which `measured` was seen: an exponentially weighted moving average whose
 * pace is the headroom itself, h' = h (measured − h) / 2 s.
 *
 * Why not one of a fixed pace: weights make load, and load makes weights. A fleet that gets 1 % more weight gets about
 * 1 % more load, and measures (1 − h) / h % less headroom: 1 % less where it is busy for half of its time, 19 % at 95 %.
 * A correction so much larger than what it corrects overshoots, and load swings between the fleets for ever. With the
 * pace h, a step of t seconds takes h × (1 + (1 − h) / h) × t / 2 s off a deviation, which is t / 2 s: the same share at
 * every load, and never more than half. So weights converge, and from one side.
 *
 * Nor does a fleet that was overloaded get all of its share back at once: from 1 % to half takes 9 seconds. */
export function approach(headroom: number, measured: number, seconds: number): number {
  const t = Math.min(seconds, LONGEST_STEP) / TIME_CONSTANT;
  // The logistic equation, solved for t.
  const growth = Math.exp(measured * t);
  const spread = measured > 1e-6 ? (growth - 1) / measured : t;
  return Math.max(LEAST, (headroom * growth) / (1 + headroom * spread));
}
