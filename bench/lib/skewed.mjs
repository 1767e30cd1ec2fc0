// The skewed mix, as it is sent to the contestants and to the model.
import { poisson } from './arrivals.mjs';

/** ms that do not count: the load generator becomes warm. */
export const LEAD_IN = 1000;

/** One in twenty is long; ms of CPU. */
export const SKEW = { share: 0.05, long: 50, short: 0.2 };

const HEAVY = { path: `/burn?${SKEW.long}`, isHeavy: true, work: SKEW.long };
const LIGHT = { path: `/burn?${SKEW.short}`, isHeavy: false, work: SKEW.short };

/** `seconds` that count, after the lead-in.
 * @returns {{at: number, path: string, isHeavy: boolean, work: number}[]} */
export function skewedArrivals({ rate, seconds, seed }) {
  return poisson({ rate, seconds: seconds + LEAD_IN / 1000, seed }, (random) =>
    random() < SKEW.share ? HEAVY : LIGHT,
  );
}
