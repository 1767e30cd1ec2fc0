import { LEAD_IN, skewedArrivals } from '../lib/skewed.mjs';
import { median, percentile } from '../lib/statistics.mjs';
import { distributions, quantiles } from '../lib/summary.mjs';
import { simulate } from './fleet.mjs';
import { workloadOf } from './workload.mjs';

/** How often the same arrivals are played through, where a discipline throws dice. */
const THROWS = 5;

/** The skew scenario as the model plays it: the very arrivals that were sent to the contestants, so that chance is on
 * neither side.
 * @param {{rate: number, seconds: number, rounds: number, seed: number, workers: number, cores: number,
 * overhead: number}} options the scenario's; overhead: ms a connection needs besides its work
 * @returns {{curve: [number, number][], p50: number, p99: number}} [quantile, ms] and percentiles, medians of the
 * rounds as the measured ones are */
export function replay(discipline, { rate, seconds, rounds, seed, workers, cores, overhead }) {
  const runs = Array.from({ length: rounds }, (_, round) => {
    const arrivals = skewedArrivals({ rate, seconds, seed: seed + round });
    const workload = workloadOf(arrivals.map(({ at, work }) => ({ at, work: work + overhead })));
    return Array.from({ length: THROWS }, (_, i) => {
      const { ended } = simulate(workload, { workers, cores, discipline, seed: i + 1 });
      const took = ended.map((time, n) => time - workload.at[n]);
      return took.filter((_, n) => arrivals[n].at >= LEAD_IN);
    });
  }).flat();
  const figure = (share) => median(runs.map((took) => percentile(took, share)));
  const { curve } = distributions({ curve: runs.map((took) => ({ quantiles: quantiles(took) })) });
  return { curve, p50: figure(0.5), p99: figure(0.99) };
}
