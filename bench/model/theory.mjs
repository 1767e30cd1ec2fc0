// What the model says of a run of the bench: the floor under its skew chart, and the way on to more workers.
import { SKEW } from '../lib/skewed.mjs';
import { CATALOGUE, IDEAL } from './catalogue.mjs';
import { check } from './check.mjs';
import { replay } from './replay.mjs';
import { mix } from './service.mjs';
import { study } from './study.mjs';

/** How many workers the comparison is carried on to. */
const SIZES = [16, 64, 128];
const SEEDS = [1, 2, 3, 4, 5];
const REQUESTS = 60_000; // a run: all of it takes some seconds

/** @param {object} report of a run
 * @returns {object | undefined} `report.model`; undefined where nobody measured skewed work.
 *  about: what it was made from, in words and numbers; it is a simulation and no measurement
 *  skew: by discipline, the distribution of the latency in ms for the scenario's own arrivals
 *  scaling: by discipline, [workers, p99 in ms] at the utilisation the scenario had, with a core for each worker
 *  scalingShort: the same, the p99 of the short requests
 *  check: measured figures beside the model's */
export function theory(report, { sizes = SIZES, requests = REQUESTS } = {}) {
  if (report.scenarios.skew === undefined) return undefined;
  const options = optionsOf(report);
  const played = Object.entries(CATALOGUE).map(([name, discipline]) => [name, replay(discipline, options)]);
  const { workers, cores, rate, overhead } = options;
  const service = mix({ ...SKEW, long: SKEW.long + overhead, short: SKEW.short + overhead });
  const utilisation = (rate * service.mean) / 1000 / Math.min(workers, cores);
  const about = {
    label: 'simulation',
    ideal: IDEAL,
    service: { ...SKEW, overhead },
    skew: { rate, workers, cores },
    scaling: { utilisation, coresPerWorker: 1, requests: requests * SEEDS.length, seeds: SEEDS },
  };
  const skew = Object.fromEntries(played.map(([name, { curve }]) => [name, curve]));
  const beside = check(report.scenarios.skew.summary, Object.fromEntries(played));
  if (utilisation >= 1) {
    const absent = `scaling: the cores were offered ${utilisation.toFixed(2)} of what they can do, which no queue lasts`;
    return { about: { ...about, absent }, skew, check: beside };
  }
  const studies = [workers, ...sizes.filter((size) => size > workers)].map((size) => [
    size,
    study({ workers: size, service, utilisation, requests, seeds: SEEDS, disciplines: CATALOGUE }),
  ]);
  const errors = studies.flatMap(([, by]) => Object.values(by).map(({ p99 }) => p99.error / p99.value));
  about.scaling.worstRelativeError = Math.max(...errors);
  return {
    about,
    skew,
    scaling: seriesOf(studies, 'p99'),
    scalingShort: seriesOf(studies, 'shortP99'),
    check: beside,
  };
}

function seriesOf(studies, figure) {
  const points = (name) => studies.map(([size, by]) => [size, by[name][figure].value]);
  return Object.fromEntries(Object.keys(CATALOGUE).map((name) => [name, points(name)]));
}

/** What the scenario was run with; an option missing would make a figure of nothing. */
function optionsOf({ options, scenarios }) {
  const all = { workers: options?.workers, ...scenarios.skew.options };
  for (const key of ['workers', 'rate', 'seconds', 'rounds', 'seed', 'cores', 'overhead']) {
    if (!Number.isFinite(all[key])) throw new Error(`cannot model skew: its options have no ${key}`);
  }
  return all;
}
