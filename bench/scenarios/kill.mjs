// What a worker's sudden death costs: kill -9 of a random worker under load, again and again. What the process had
// accepted dies with it, whoever balances; that much is counted, and what fails beyond it is the balancer's.

import { setTimeout as sleep } from 'node:timers/promises';
import { poisson } from '../lib/arrivals.mjs';
import { main } from '../lib/command.mjs';
import { connectionsInside } from '../lib/connections.mjs';
import { MAIN } from '../lib/contestants.mjs';
import { eventually } from '../lib/eventually.mjs';
import { load } from '../lib/load.mjs';
import { isAlive, stateOf } from '../lib/processes.mjs';
import { random } from '../lib/random.mjs';
import { fresh } from '../lib/rounds.mjs';
import { percentile } from '../lib/statistics.mjs';
import { summarize } from '../lib/summary.mjs';

/** ms between a replacement's first listen() and the next kill: a process that dies younger than a second is a
 * failed start for a supervisor, which would then wait. */
const PAUSE = 1100;

const COLUMNS = [
  { key: 'ok', label: 'answered', unit: '', digits: 0, better: null },
  { key: 'inside', label: 'inside the killed', unit: '', digits: 0, better: null },
  { key: 'beyond', label: 'failed beyond', unit: '', digits: 0, better: 'lower' },
  { key: 'hung', label: 'hung', unit: '', digits: 0, better: 'lower' },
  { key: 'p99', label: 'p99', unit: 'ms', digits: 1, better: 'lower' },
];

export const kill = {
  name: 'kill',
  title: 'Failed requests when random workers are killed with SIGKILL under load',
  contestants: [...MAIN, 'haproxy'],
  killsWorkers: true,
  enough: 1, // what is counted, not timed, tells by itself
  options: { rounds: 3, kills: 4, rate: 400, seed: 1 },
  quick: null,
  takes: ({ kills }) => 4 + kills * 1.6,

  run(contestants, options) {
    return fresh(contestants, options, (server, round) =>
      measure(server, { ...options, seed: options.seed + round }),
    );
  },

  summarize: (results) => summarize(results, COLUMNS),
};

async function measure(server, { kills, rate, seed }) {
  const pick = random(seed);
  const seconds = kills * 20; // more than it can take: stopped when the last is replaced
  const { results, stop } = load(server.port, poisson({ rate, seconds, seed }));
  await sleep(PAUSE);
  let inside = 0;
  for (let i = 0; i < kills; i++) {
    const { workers } = server;
    const victim = workers[Math.floor(pick() * workers.length)];
    process.kill(victim, 'SIGSTOP'); // so that it can be counted what it has
    await eventually(`worker ${victim} stands still`, () => stateOf(victim) === 'T');
    inside += connectionsInside(victim, server.port);
    process.kill(victim, 'SIGKILL');
    await eventually(`worker ${victim} is dead`, () => !isAlive(victim));
    await server.allReady();
    await sleep(PAUSE);
  }
  stop();
  const settled = await results;
  const fates = settled.tally();
  // Who was answered; the failed are counted.
  const p99 = percentile(settled.latencies(), 0.99);
  const failed = Object.values(fates).reduce((a, b) => a + b) - fates.ok;
  const { ok, hung } = fates;
  return { seed, kills, fates, ok, hung, p99, failed, inside, beyond: Math.max(0, failed - inside) };
}

await main(import.meta, kill);
