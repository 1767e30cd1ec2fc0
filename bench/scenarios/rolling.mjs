// What it costs to replace every worker under load, one after another, each by its balancer's own way (`restart` of
// the contestant): new connections at a fixed rate, and beside them clients that keep theirs. Nothing dies by surprise,
// so that every failure is the balancer's or the way's.
import { setTimeout as sleep } from 'node:timers/promises';
import { poisson } from '../lib/arrivals.mjs';
import { main } from '../lib/command.mjs';
import { MAIN } from '../lib/contestants.mjs';
import { load } from '../lib/load.mjs';
import { addTallies } from '../lib/request.mjs';
import { fresh } from '../lib/rounds.mjs';
import { column, percentile } from '../lib/statistics.mjs';
import { distributions, quantiles, summarize } from '../lib/summary.mjs';

const LEAD_IN = 1000; // ms before the first worker goes: the load generators become warm, and do not count
const LEAD_OUT = 500; // ms after the last
const HUNG_AFTER = 5000; // ms: what an old worker had is lost when it is killed, two seconds after it should have ended

const milliseconds = (key, label) => ({ key, label, unit: 'ms', digits: 1, better: 'lower' });
const count = (key, label) => ({ key, label, unit: '', digits: 0, better: 'lower' });

export const rolling = {
  name: 'rolling',
  title: 'All workers replaced under load, one after another; latency in ms from the scheduled arrival',
  contestants: [...MAIN, 'pm2', 'haproxy'],
  killsWorkers: true,
  enough: 1,
  options: { rounds: 3, rate: 200, clients: 32, seed: 1 },
  quick: null,
  takes: ({ workers }) => 3 + 1.5 * workers,

  run(contestants, options) {
    return fresh(contestants, options, (server, round) => {
      const contestant = contestants.find(({ id }) => id === server.id);
      return measure(server, contestant, { ...options, seed: options.seed + round });
    });
  },

  summarize(results) {
    const summary = summarize(results, [
      count('newFailed', 'new connections failed'),
      milliseconds('newP99', 'their p99'),
      milliseconds('newMax', 'max'),
      count('keptFailed', 'requests on kept connections failed'),
      milliseconds('keptP99', 'their p99'),
      milliseconds('keptMax', 'max'),
      { key: 'seconds', label: 'took', unit: 's', digits: 1, better: null },
    ]);
    const rows = summary.rows.map((row) => ({ ...row, failures: failuresOf(results[row.id]) }));
    return { ...summary, rows, distributions: { latency: distributions(results) } };
  },
};

async function measure(server, { id, restart }, { workers, rate, clients, seed }) {
  if (restart === undefined) throw new Error(`${id} has no way to replace its workers`);
  const seconds = 60 + 3 * workers; // more than it can take: stopped when the last is replaced
  const arrivals = poisson({ rate, seconds, seed });
  const loads = [
    load(server.port, arrivals, { hungAfter: HUNG_AFTER }),
    load(server.port, arrivals, { hungAfter: HUNG_AFTER, keepAlive: clients }),
  ];
  await sleep(LEAD_IN);
  const begun = performance.now();
  await restart(server);
  const took = (performance.now() - begun) / 1000;
  await sleep(LEAD_OUT);
  for (const { stop } of loads) stop();
  const counts = (i) => arrivals[i].at >= LEAD_IN / 2;
  const [fresh, kept] = (await Promise.all(loads.map(({ results }) => results))).map((results) => ({
    latencies: results.latencies(counts),
    late: percentile(results.lateness(counts), 0.99),
    fates: results.tally(counts),
  }));
  return {
    seed,
    seconds: took,
    newFailed: failed(fresh.fates),
    newP99: percentile(fresh.latencies, 0.99),
    newMax: percentile(fresh.latencies, 1),
    newFates: fresh.fates,
    keptFailed: failed(kept.fates),
    keptP99: percentile(kept.latencies, 0.99),
    keptMax: percentile(kept.latencies, 1),
    keptFates: kept.fates,
    quantiles: quantiles(fresh.latencies),
    lateP99: Math.max(fresh.late, kept.late),
  };
}

const failed = (fates) => Object.values(fates).reduce((a, b) => a + b) - fates.ok;

/** Of new and of kept connections apart. */
function failuresOf(rounds) {
  const counts = (key, suffix) =>
    Object.entries(addTallies(column(rounds, key)))
      .filter(([fate, count]) => fate !== 'ok' && count > 0)
      .map(([fate, count]) => [`${fate}${suffix}`, count]);
  return Object.fromEntries([...counts('newFates', ''), ...counts('keptFates', ' (kept)')]);
}

await main(import.meta, rolling);
