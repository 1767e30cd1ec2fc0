// Who waits for a worker that stands still: one worker's event loop is blocked for two seconds of the six that count.
// With N workers a blind balancer has a third of 1/N of the requests wait, which a percentile shows as long as it is
// more than what lies behind it: how many waited tells with any number.
import { merge, poisson } from '../lib/arrivals.mjs';
import { main } from '../lib/command.mjs';
import { MAIN, NODE_REUSE_PORT } from '../lib/contestants.mjs';
import { load } from '../lib/load.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { percentile } from '../lib/statistics.mjs';
import { distributions, quantiles, summarize } from '../lib/summary.mjs';

const LEAD_IN = 1000; // ms that do not count: the load generator becomes warm
const BLOCK = { path: '/block?2000', isBlock: true };
const EVERY = 4; // s between two blocks; the first comes after half of it, and the last has half of it to end in
const COLUMNS = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
  ['p999', 'p99.9'],
  ['max', 'max'],
].map(([key, label]) => ({ key, label, unit: 'ms', digits: 1, better: 'lower' }));
/** ms; who took longer has waited for the blocked worker. */
const LONG = 200;
const WAITED = { key: 'waited', label: `over ${LONG} ms`, unit: '%', digits: 2, better: 'lower' };

export const stall = {
  name: 'stall',
  title:
    'Latency from the scheduled arrival while one worker is blocked, 2 s of every 4; the blocking requests do not count',
  contestants: [...MAIN, NODE_REUSE_PORT, 'haproxy'],
  options: { rounds: 3, rate: 300, blocks: 1, seed: 1 },
  quick: { rounds: 1 },
  takes: ({ blocks }) => secondsOf(blocks) + 2,

  run(contestants, options) {
    return interleaved(contestants, options, async ({ port }, round) => {
      const seed = options.seed + round;
      const { rate, blocks } = options;
      const ordinary = poisson({ rate, seconds: secondsOf(blocks), seed });
      const blocking = Array.from({ length: blocks }, (_, i) => ({
        at: LEAD_IN + (i + 0.5) * EVERY * 1000,
        ...BLOCK,
      }));
      const arrivals = merge(ordinary, blocking);
      const counts = (i) => arrivals[i].at >= LEAD_IN && !arrivals[i].isBlock;
      const results = await load(port, arrivals).results;
      const latencies = results.latencies(counts);
      return {
        seed,
        p50: percentile(latencies, 0.5),
        p90: percentile(latencies, 0.9),
        p99: percentile(latencies, 0.99),
        p999: percentile(latencies, 0.999),
        max: percentile(latencies, 1),
        waited: (100 * latencies.filter((ms) => ms > LONG).length) / latencies.length,
        quantiles: quantiles(latencies),
        fates: results.tally(counts),
        lateP99: percentile(results.lateness(counts), 0.99),
      };
    });
  },

  summarize: (results) => ({
    ...summarize(results, [...COLUMNS, WAITED]),
    distributions: { latency: distributions(results) },
  }),
};

const secondsOf = (blocks) => LEAD_IN / 1000 + blocks * EVERY + 2;

await main(import.meta, stall);
