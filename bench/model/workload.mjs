import { random } from '../lib/random.mjs';
import { exponentialOf } from './service.mjs';

/** Who comes when (`at`, in order) and with how much work, both in ms: the same for every discipline, so that they
 * differ by nothing else.
 * @typedef {{at: Float64Array, work: Float64Array}} Workload */

/** Poisson arrivals, `rate` a second.
 * @returns {Workload} */
export function poissonWorkload({ rate, service, requests, seed }) {
  const next = random(seed);
  const at = new Float64Array(requests);
  const work = new Float64Array(requests);
  let now = 0;
  for (let i = 0; i < requests; i++) {
    now += (exponentialOf(next) * 1000) / rate;
    at[i] = now;
    work[i] = service.draw(next);
  }
  return { at, work };
}

/** What was sent to the contestants, as the model wants it.
 * @param {{at: number, work: number}[]} arrivals
 * @returns {Workload} */
export function workloadOf(arrivals) {
  return {
    at: Float64Array.from(arrivals, ({ at }) => at),
    work: Float64Array.from(arrivals, ({ work }) => work),
  };
}
