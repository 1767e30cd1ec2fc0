// CPU time for each new connection, of the whole process tree, and how many a second at most. The load is a
// closed loop that never lets the servers rest: wrk, `Connection: close`.
import { CPUS, closedLoop, LEAD_IN } from '../lib/closed-loop.mjs';
import { main } from '../lib/command.mjs';
import {
  BESIDE_NODE_REUSE_PORT,
  MAIN,
  NODE_REUSE_PORT,
  ONE_PROCESS,
  ROUND_ROBIN,
} from '../lib/contestants.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { over, summarize } from '../lib/summary.mjs';

const COST = {
  key: 'microseconds',
  label: 'CPU a connection',
  unit: 'µs',
  digits: 1,
  better: 'lower',
};
const RATE = { key: 'rate', label: 'connections/s', unit: '', digits: 0, better: 'higher' };

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
  options: { rounds: 5, seconds: 1, clients: 64 },
  scale: { clients: 'workers' },
  quick: { rounds: 3 },
  takes: ({ seconds }) => LEAD_IN + seconds,

  run(contestants, options) {
    return interleaved(contestants, options, (server) => closedLoop(server, options));
  },

  summarize: (results) =>
    summarize(results, [COST, over(COST, ONE_PROCESS.id), over(COST, ROUND_ROBIN.id), RATE, CPUS]),
};

await main(import.meta, cpu);
