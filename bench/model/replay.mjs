import { LEAD_IN, skewedArrivals } from '../lib/skewed.mjs';
import { median, percentile } from '../lib/statistics.mjs';
import { simulate } from './fleet.mjs';
import { curve } from './quantiles.mjs';
import { workloadOf } from './workload.mjs';

/** How often the same arrivals are played through, where a discipline throws dice. */
const THROWS = 5;

/** The skew scenario as the model plays it: the very arrivals that were sent to the contestants, so that chance is on
 * neither side.
 * @param {{rate: number, seconds: number, seeds: number[], workers: number, cores: number, overhead: number}} options
 * the scenario's; overhead: ms a connection needs besides its work
 * @returns {{curve: [number, number][], p50: number, p90: number, p99: number, lightP99: number}} the curve of all
 * runs, and of each percentile the median of the runs: as the measured figures are made */
export function replay(discipline, { rate, seconds, seeds, workers, cores, overhead }) {
  const runs = seeds.flatMap((seed) => {
    const arrivals = skewedArrivals({ rate, seconds, seed });
    const workload = workloadOf(arrivals.map(({ at, work }) => ({ at, work: work + overhead })));
    return Array.from({ length: THROWS }, (_, i) => {
      const { ended } = simulate(workload, { workers, cores, discipline, seed: i + 1 });
      const took = ended.map((time, n) => time - workload.at[n]);
      return {
        all: took.filter((_, n) => arrivals[n].at >= LEAD_IN),
        light: took.filter((_, n) => arrivals[n].at >= LEAD_IN && !arrivals[n].isHeavy),
      };
    });
  });
  const figure = (key, share) => median(runs.map((run) => percentile(run[key], share)));
  return {
    curve: curve(Float64Array.from(runs.flatMap(({ all }) => [...all]))),
    p50: figure('all', 0.5),
    p90: figure('all', 0.9),
    p99: figure('all', 0.99),
    lightP99: figure('light', 0.99),
  };
}
