// Requests on connections that stay: what is left of a balancer once a connection has found its process. A closed loop
// that never lets the servers rest: wrk, 64 clients. A proxy still sees each request.
import { main } from '../lib/command.mjs';
import { MAIN, ONE_PROCESS, ROUND_ROBIN } from '../lib/contestants.mjs';
import { cpuTime } from '../lib/processes.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { over, summarize } from '../lib/summary.mjs';
import { wrk } from '../lib/wrk.mjs';

const COST = { key: 'microseconds', label: 'CPU for each request', unit: 'µs', digits: 1, better: 'lower' };
const RATE = { key: 'rate', label: 'requests', unit: '/s', digits: 0, better: 'higher' };

/** Seconds that do not count; see cpu.mjs. */
const LEAD_IN = 1;

export const keepAlive = {
  name: 'keep-alive',
  title:
    'CPU time for each request on connections that are kept (all processes), and the most requests a second',
  contestants: [ONE_PROCESS.id, ...MAIN, 'haproxy', 'nginx'],
  options: { rounds: 5, seconds: 1 },
  quick: { rounds: 3 },
  takes: ({ seconds }) => LEAD_IN + seconds,

  run(contestants, options) {
    return interleaved(contestants, options, async (server) => {
      await wrk(server.port, LEAD_IN, { keepAlive: true });
      const { pids } = server;
      const before = cpuTime(pids);
      const { count, seconds } = await wrk(server.port, options.seconds, { keepAlive: true });
      return { microseconds: (cpuTime(pids) - before) / count, rate: count / seconds };
    });
  },

  summarize(results) {
    return summarize(results, [COST, over(COST, ONE_PROCESS.id), over(COST, ROUND_ROBIN.id), RATE]);
  },
};

await main(import.meta, keepAlive);
