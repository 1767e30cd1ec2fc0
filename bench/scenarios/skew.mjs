// Who waits behind whom: few requests are long, most are short, on a new connection each, open loop. Beside
// each contestant stands a simulated ideal that got the very same arrivals.
import os from 'node:os';
import { main } from '../lib/command.mjs';
import { MAIN, SHARED_HANDLE } from '../lib/contestants.mjs';
import { ideal } from '../lib/ideal.mjs';
import { load } from '../lib/load.mjs';
import { addTallies } from '../lib/request.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { LEAD_IN, skewedArrivals } from '../lib/skewed.mjs';
import { column, percentile, spread } from '../lib/statistics.mjs';
import { failures, figure, LATE, OTHERS, ratio, table, trust } from '../lib/table.mjs';

export const skew = {
  name: 'skew',
  title: 'Latency in ms from the scheduled arrival; 5% of the requests need 50 ms of CPU, the others 0.2 ms',
  contestants: MAIN,
  options: {
    rounds: 1,
    seconds: 15,
    rate: 390,
    seeds: [7, 8, 9],
    cores: os.availableParallelism(),
    /** ms a connection costs the machine besides its work; the load generator shares the cores. */
    overhead: 0.15,
  },

  async run(contestants, options) {
    const { seeds, seconds, rate, workers, cores, overhead } = options;
    const runs = seeds.map((seed) => skewedArrivals({ rate, seconds, seed }));
    const best = runs.map((arrivals) => {
      const jobs = arrivals.map(({ at, work }) => ({ at, work: work + overhead }));
      const took = ideal(jobs, { workers, cores });
      return percentiles((counts) => took.filter((_, i) => counts(i)), arrivals);
    });
    const rounds = { ...options, rounds: options.rounds * seeds.length }; // a seed each, in turn
    const measured = await interleaved(contestants, rounds, async ({ port }, round) => {
      const arrivals = runs[round % seeds.length];
      const results = await load(port, arrivals).results;
      return {
        seed: seeds[round % seeds.length],
        ...percentiles((counts) => results.latencies(counts), arrivals),
        fates: results.tally(),
        lateP99: percentile(results.lateness(), 0.99),
      };
    });
    return {
      ideal: best.map((one, i) => ({ seed: seeds[i], ...one })),
      measured,
    };
  },

  print({ ideal, measured }, { seeds }) {
    const shared = measured[SHARED_HANDLE.id];
    const rows = Object.entries({ ...measured, ideal }).map(([id, rounds]) => [
      id,
      ...['p50', 'p90', 'p99', 'lightP99'].map((key) => figure(spread(column(rounds, key)))),
      ratio(column(rounds, 'p99'), column(ideal, 'p99')),
      ratio(column(rounds, 'lightP99'), column(ideal, 'lightP99')),
      ratio(column(rounds, 'lightP99'), shared && column(shared, 'lightP99')),
      ...(id === 'ideal' ? [] : [failures(addTallies(column(rounds, 'fates'))), ...trust(rounds)]),
    ]);
    const head = ['p50', 'p90', 'p99', 'light p99', 'p99 ÷ ideal', 'light ÷ ideal', 'light ÷ cluster/shared'];
    return `seeds ${seeds}\n${table(['', ...head, 'failures', LATE, OTHERS], rows)}`;
  },
};

/** @param {(counts: (index: number) => boolean) => ArrayLike<number>} latencies */
function percentiles(latencies, arrivals) {
  const all = latencies((i) => arrivals[i].at >= LEAD_IN);
  const light = latencies((i) => arrivals[i].at >= LEAD_IN && !arrivals[i].isHeavy);
  return {
    p50: percentile(all, 0.5),
    p90: percentile(all, 0.9),
    p99: percentile(all, 0.99),
    lightP99: percentile(light, 0.99),
  };
}

await main(import.meta, skew);
