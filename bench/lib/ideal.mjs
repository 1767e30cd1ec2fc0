import { centralQueue } from '../model/disciplines.mjs';
import { simulate } from '../model/fleet.mjs';
import { workloadOf } from '../model/workload.mjs';

/** The balancer that wastes nothing: one queue, first come first served; whoever of `workers` is free takes the
 * first, at no cost. Those at work share `cores` evenly. Pure.
 * @param {{at: number, work: number}[]} arrivals in order; both in ms
 * @returns {number[]} how long each took, in ms, waiting included */
export function ideal(arrivals, { workers, cores }) {
  const { ended } = simulate(workloadOf(arrivals), { workers, cores, discipline: centralQueue });
  return arrivals.map(({ at }, i) => ended[i] - at);
}
