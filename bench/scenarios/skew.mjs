// Who waits behind whom: few requests are long, most are short, on a new connection each, open loop. Beside
// each contestant stands a simulated ideal that got the very same arrivals.
import { main } from '../lib/command.mjs';
import { MAIN, NODE_REUSE_PORT, SHARED_HANDLE } from '../lib/contestants.mjs';
import { ideal } from '../lib/ideal.mjs';
import { load } from '../lib/load.mjs';
import { isDivided, serverCpus } from '../lib/placement.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { LEAD_IN, skewedArrivals } from '../lib/skewed.mjs';
import { percentile } from '../lib/statistics.mjs';
import { distributions, over, quantiles, summarize } from '../lib/summary.mjs';

const figure = (key, label) => ({ key, label, unit: 'ms', digits: 1, better: 'lower' });
const P99 = figure('p99', 'p99');
const LIGHT_P99 = figure('lightP99', 'p99 of the light');
const COLUMNS = [figure('p50', 'p50'), figure('p90', 'p90'), P99, LIGHT_P99];

export const skew = {
  name: 'skew',
  title: 'Latency from the scheduled arrival; 5% of the requests need 50 ms of CPU, the others 0.2 ms',
  contestants: [...MAIN, NODE_REUSE_PORT, 'haproxy'],
  options: {
    rounds: 5,
    seconds: 5,
    rate: 390,
    /** Of the first round; the next has the next. */
    seed: 7,
    cores: serverCpus,
    /** ms a connection costs the servers' CPUs besides its work: the load generator, too, where it shares them. */
    overhead: isDivided ? 0.06 : 0.15,
  },
  scale: { rate: 'cpus' },
  quick: { rounds: 1, seconds: 3 },
  takes: ({ seconds }) => seconds + 2.5,

  async run(contestants, options) {
    const { rounds, seed } = options;
    const runs = Array.from({ length: rounds }, (_, round) =>
      skewedArrivals({ ...options, seed: seed + round }),
    );
    const measured = await interleaved(contestants, options, async ({ port }, round) => {
      const results = await load(port, runs[round]).results;
      const counts = (i) => runs[round][i].at >= LEAD_IN;
      return {
        seed: seed + round,
        ...latencies((select) => results.latencies(select), runs[round]),
        fates: results.tally(counts),
        lateP99: percentile(results.lateness(counts), 0.99),
      };
    });
    return {
      ...measured,
      ideal: runs.map((arrivals, round) => ({ seed: seed + round, ...best(arrivals, options) })),
    };
  },

  summarize: (results) => ({
    ...summarize(results, [
      ...COLUMNS,
      over(P99, 'ideal'),
      over(LIGHT_P99, 'ideal'),
      over(LIGHT_P99, SHARED_HANDLE.id),
    ]),
    distributions: { latency: distributions(results) },
  }),
};

/** What the ideal makes of the same arrivals. */
function best(arrivals, { workers, cores, overhead }) {
  const jobs = arrivals.map(({ at, work }) => ({ at, work: work + overhead }));
  const took = ideal(jobs, { workers, cores });
  return latencies((counts) => took.filter((_, i) => counts(i)), arrivals);
}

/** @param {(counts: (index: number) => boolean) => ArrayLike<number>} select */
function latencies(select, arrivals) {
  const all = select((i) => arrivals[i].at >= LEAD_IN);
  const light = select((i) => arrivals[i].at >= LEAD_IN && !arrivals[i].isHeavy);
  return {
    p50: percentile(all, 0.5),
    p90: percentile(all, 0.9),
    p99: percentile(all, 0.99),
    lightP99: percentile(light, 0.99),
    quantiles: quantiles(all),
  };
}

await main(import.meta, skew);
