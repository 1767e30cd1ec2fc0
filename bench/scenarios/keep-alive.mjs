// Requests on connections that stay: what is left of a balancer once a connection has found its process. A closed loop
// that never lets the servers rest: wrk. A proxy still sees each request.
import { CPUS, closedLoop, LEAD_IN } from '../lib/closed-loop.mjs';
import { main } from '../lib/command.mjs';
import { MAIN, ONE_PROCESS, ROUND_ROBIN } from '../lib/contestants.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { over, summarize } from '../lib/summary.mjs';

const COST = { key: 'microseconds', label: 'CPU for each request', unit: 'µs', digits: 1, better: 'lower' };
const RATE = { key: 'rate', label: 'requests', unit: '/s', digits: 0, better: 'higher' };

export const keepAlive = {
  name: 'keep-alive',
  title:
    'CPU time for each request on connections that are kept (all processes), and the most requests a second',
  contestants: [ONE_PROCESS.id, ...MAIN, 'haproxy', 'nginx'],
  options: { rounds: 5, seconds: 1, clients: 64 },
  scale: { clients: 'workers' },
  quick: { rounds: 3 },
  takes: ({ seconds }) => LEAD_IN + seconds,

  run(contestants, options) {
    return interleaved(contestants, options, (server) => closedLoop(server, { ...options, keepAlive: true }));
  },

  summarize(results) {
    return summarize(results, [COST, over(COST, ONE_PROCESS.id), over(COST, ROUND_ROBIN.id), RATE, CPUS]);
  },
};

await main(import.meta, keepAlive);
