// Who waits for a worker that stands still: twice in ten seconds one worker's event loop is blocked for two.
import { merge, poisson } from '../lib/arrivals.mjs';
import { main } from '../lib/command.mjs';
import { MAIN } from '../lib/contestants.mjs';
import { load } from '../lib/load.mjs';
import { addTallies } from '../lib/request.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { column, percentile, spread } from '../lib/statistics.mjs';
import { failures, figure, LATE, OTHERS, table, trust } from '../lib/table.mjs';

const LEAD_IN = 1000; // ms that do not count: the load generator becomes warm
const BLOCK = { path: '/block?2000', isBlock: true };
const BLOCKS = [2000, 6000].map((at) => ({ at: at + LEAD_IN, ...BLOCK }));
const SECONDS = 10;

export const stall = {
  name: 'stall',
  title:
    'Latency in ms while one worker is blocked, twice for 2 s in 10 s; the blocking requests do not count',
  contestants: MAIN,
  options: { rounds: 1, rate: 300, seed: 1 },

  run(contestants, options) {
    return interleaved(contestants, options, async ({ port }, round) => {
      const seed = options.seed + round;
      const ordinary = poisson({ rate: options.rate, seconds: SECONDS + LEAD_IN / 1000, seed });
      const arrivals = merge(ordinary, BLOCKS);
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
        fates: results.tally(counts),
        lateP99: percentile(results.lateness(counts), 0.99),
      };
    });
  },

  print(results, { seed }) {
    const rows = Object.entries(results).map(([id, rounds]) => [
      id,
      ...['p50', 'p90', 'p99', 'p999', 'max'].map((key) => figure(spread(column(rounds, key)))),
      failures(addTallies(column(rounds, 'fates'))),
      ...trust(rounds),
    ]);
    const head = ['', 'p50', 'p90', 'p99', 'p99.9', 'max', 'failures', LATE, OTHERS];
    return `seed ${seed}\n${table(head, rows)}`;
  },
};

await main(import.meta, stall);
