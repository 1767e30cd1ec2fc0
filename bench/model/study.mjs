import { percentile } from '../lib/statistics.mjs';
import { simulate } from './fleet.mjs';
import { poissonWorkload } from './workload.mjs';

/** The share of each run that does not count: it begins with nobody there, which is not how it goes on. */
const WARM_UP = 0.2;

/** How long requests take in the long run, under each discipline, all with the same arrivals and the same work.
 * @param {object} options
 * @param {number} options.workers
 * @param {number} [options.cores] a core a worker without it
 * @param {object} options.service see service.mjs
 * @param {number} options.utilisation of the cores (or of the workers where those are fewer), below 1
 * @param {number} options.requests in each run
 * @param {number[]} options.seeds one of each run; the errors are of the differences between runs, so two at least
 * @param {Record<string, object>} options.disciplines
 * @returns {Record<string, Record<'mean' | 'p50' | 'p90' | 'p99' | 'p999' | 'shortP99' | 'utilisation', {value:
 * number, error: number}>>} in ms; short: who needs less than the mean does, NaN where nobody */
export function study({ workers, cores = workers, service, utilisation, requests, seeds, disciplines }) {
  if (!(utilisation > 0 && utilisation < 1)) {
    throw new RangeError(
      `at a utilisation of ${utilisation} there is no long run: it must be above 0 and below 1`,
    );
  }
  const rate = (1000 * utilisation * Math.min(workers, cores)) / service.mean;
  const figures = seeds.map((seed) => {
    const workload = poissonWorkload({ rate, service, requests, seed });
    return mapValues(disciplines, (discipline) => {
      const run = simulate(workload, { workers, cores, discipline, seed: ~seed }); // not the numbers of the workload
      return { ...figuresOf(workload, run, service), utilisation: run.utilisation };
    });
  });
  return mapValues(disciplines, (_, name) =>
    mapValues(figures[0][name], (_, figure) => estimate(figures.map((run) => run[name][figure]))),
  );
}

function figuresOf({ at, work }, { ended }, service) {
  const from = Math.floor(at.length * WARM_UP);
  const took = ended.map((time, i) => time - at[i]).subarray(from);
  const short = took.filter((_, i) => work[from + i] < service.mean);
  const sorted = took.slice().sort();
  const rank = (share) => sorted[Math.ceil(share * sorted.length) - 1];
  return {
    mean: mean(took),
    p50: rank(0.5),
    p90: rank(0.9),
    p99: rank(0.99),
    p999: rank(0.999),
    shortP99: percentile(short, 0.99),
  };
}

/** What independent runs say of a figure: their mean, and its standard error.
 * @param {number[]} values one of each run */
export function estimate(values) {
  const value = mean(values);
  const variance = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (values.length - 1);
  return { value, error: values.length < 2 ? Number.NaN : Math.sqrt(variance / values.length) };
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
