/** Seconds. */
const TIME_CONSTANT = 2;
/** Seconds that a step counts for at most: who asks more rarely gets the same steps, not larger ones. */
const LONGEST_STEP = 1;
/** It grows in proportion to what there is of it, so that nothing would stay nothing. */
const LEAST = 0.01;

/** Headroom, 0 to 1, after so many seconds in which `measured` was seen. An exponentially weighted moving average whose
 * pace is the headroom itself, h' = h (measured − h) / 2 s: a little more than 2 s for a fleet with little to do,
 * slower the nearer it is to its limit.
 *
 * Why it is not of one pace. Weights make load, and load makes weights. Where a fleet has the share s of all
 * connections, it measures 1 − c s; a fleet that gains 1 % of weight gains about 1 % of load, and measures
 * (1 − h) / h % less: a correction of more than its cause where it is busy for more than half of its time, and of 19 times
 * its cause at 95 %. An average of any fixed pace over- and undershoots then, and load swings between the fleets for ever. With
 * a pace in proportion to h, what a step of t seconds takes off a deviation is h × (1 + (1 − h) / h) × t / 2 s = t / 2 s
 * of it: at every load the same, and never more than half. So weights converge, from one side.
 *
 * Nor does a fleet that was overloaded get all of its share back at once: from 1 % to half takes 9 seconds. */
export function approach(headroom: number, measured: number, seconds: number): number {
  const t = Math.min(seconds, LONGEST_STEP) / TIME_CONSTANT;
  // The logistic equation, solved for t.
  const growth = Math.exp(measured * t);
  const spread = measured > 1e-6 ? (growth - 1) / measured : t;
  return Math.max(LEAST, (headroom * growth) / (1 + headroom * spread));
}
