// CPU time for each new connection, of the whole process tree, and how many a second at most. The load is a
// closed loop that never lets the servers rest: wrk, 64 clients, `Connection: close`.
import { main } from '../lib/command.mjs';
import {
  BESIDE_NODE_REUSE_PORT,
  MAIN,
  NODE_REUSE_PORT,
  ONE_PROCESS,
  ROUND_ROBIN,
} from '../lib/contestants.mjs';
import { cpuTime } from '../lib/processes.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { over, summarize } from '../lib/summary.mjs';
import { wrk } from '../lib/wrk.mjs';

const COST = {
  key: 'microseconds',
  label: 'CPU a connection',
  unit: 'µs',
  digits: 1,
  better: 'lower',
};
const RATE = { key: 'rate', label: 'connections/s', unit: '', digits: 0, better: 'higher' };

/** Seconds that do not count: while the others had their turns, caches went cold, and so did compiled code. */
const LEAD_IN = 1;

export const cpu = {
  name: 'cpu',
  title: 'CPU time for each new connection (primary and workers), and the most connections a second',
  contestants: [
    ONE_PROCESS.id,
    ...MAIN,
    'reuse-port/hash', // the kernel's own choice: the floor of the price
    NODE_REUSE_PORT,
    ...BESIDE_NODE_REUSE_PORT,
    'pm2',
    'haproxy',
    'nginx',
  ],
  options: { rounds: 5, seconds: 1 },
  quick: { rounds: 3 },
  takes: ({ seconds }) => LEAD_IN + seconds,

  run(contestants, options) {
    return interleaved(contestants, options, async (server) => {
      await wrk(server.port, LEAD_IN);
      const { pids } = server;
      const before = cpuTime(pids);
      const { count, seconds } = await wrk(server.port, options.seconds);
      return { microseconds: (cpuTime(pids) - before) / count, rate: count / seconds };
    });
  },

  summarize: (results) =>
    summarize(results, [COST, over(COST, ONE_PROCESS.id), over(COST, ROUND_ROBIN.id), RATE]),
};

await main(import.meta, cpu);
