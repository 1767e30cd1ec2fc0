// Latency at rates the servers can bear: new connections come when they are due, whatever became of those before, and
// each counts from when it was due. So nobody is forgiven for those he kept from coming (coordinated omission).
import { poisson } from '../lib/arrivals.mjs';
import { main } from '../lib/command.mjs';
import { MAIN, NODE_REUSE_PORT } from '../lib/contestants.mjs';
import { load } from '../lib/load.mjs';
import { addTallies } from '../lib/request.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { percentile } from '../lib/statistics.mjs';
import { distributions, quantiles, summarize } from '../lib/summary.mjs';

const LEAD_IN = 500; // ms that do not count: the load generator becomes warm
const SHARES = { p50: 0.5, p99: 0.99, p999: 0.999 };
const LABELS = { p50: 'p50', p99: 'p99', p999: 'p99.9' };

export const openLoop = {
  name: 'open-loop',
  title: 'Latency in ms from the scheduled arrival, at fixed rates of new connections',
  contestants: [...MAIN, NODE_REUSE_PORT, 'haproxy'],
  options: { rounds: 3, seconds: 2, rates: [500, 2000], seed: 1 },
  scale: { rates: 'cpus' },
  quick: { rounds: 1, seconds: 1.5, rates: [1000] },
  takes: ({ seconds, rates }) => rates.length * (seconds + 2),

  run(contestants, options) {
    return interleaved(contestants, options, async ({ port }, round) => {
      const seed = options.seed + round;
      const figures = { seed };
      const fates = [];
      for (const rate of options.rates) {
        const arrivals = poisson({ rate, seconds: options.seconds + LEAD_IN / 1000, seed });
        const counts = (i) => arrivals[i].at >= LEAD_IN;
        const results = await load(port, arrivals).results;
        const latencies = results.latencies(counts);
        for (const [key, share] of Object.entries(SHARES)) {
          figures[keyOf(key, rate)] = percentile(latencies, share);
        }
        figures.quantiles = quantiles(latencies); // the last rate's stay
        figures.lateP99 = Math.max(figures.lateP99 ?? 0, percentile(results.lateness(counts), 0.99));
        fates.push(results.tally(counts));
      }
      return { ...figures, fates: addTallies(fates) };
    });
  },

  summarize(results, { rates }) {
    const columns = rates.flatMap((rate) =>
      Object.keys(SHARES).map((key) => ({
        key: keyOf(key, rate),
        label: `${LABELS[key]} at ${rate}/s`,
        unit: 'ms',
        digits: 1,
        better: 'lower',
      })),
    );
    return { ...summarize(results, columns), distributions: { latency: distributions(results) } };
  },
};

function keyOf(percentile, rate) {
  return `${percentile}@${rate}`;
}

await main(import.meta, openLoop);
