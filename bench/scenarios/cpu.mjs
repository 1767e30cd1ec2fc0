// CPU time for each new connection, of the whole process tree, and how many a second at most. The load is a
// closed loop that never lets the servers rest: wrk, 64 clients, `Connection: close`.
import { main } from '../lib/command.mjs';
import { ALL, ONE_PROCESS, ROUND_ROBIN } from '../lib/contestants.mjs';
import { cpuTime } from '../lib/processes.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { column, spread } from '../lib/statistics.mjs';
import { figure, OTHERS, ratio, table, trust } from '../lib/table.mjs';
import { wrk } from '../lib/wrk.mjs';

export const cpu = {
  name: 'cpu',
  title: 'CPU time for each new connection (primary and workers), and the most connections a second',
  contestants: ALL.map(({ id }) => id),
  options: { rounds: 5, seconds: 2 },

  run(contestants, options) {
    return interleaved(contestants, options, async (server) => {
      const { pids } = server;
      const before = cpuTime(pids);
      const { count, seconds } = await wrk(server.port, options.seconds);
      return { microseconds: (cpuTime(pids) - before) / count, rate: count / seconds };
    });
  },

  print(results) {
    const cost = (id) => results[id] && column(results[id], 'microseconds');
    const rows = Object.entries(results).map(([id, rounds]) => [
      id,
      figure(spread(cost(id))),
      ratio(cost(id), cost(ONE_PROCESS.id)),
      ratio(cost(id), cost(ROUND_ROBIN.id)),
      figure(spread(column(rounds, 'rate')), 0),
      ...trust(rounds),
    ]);
    const head = ['µs/connection', '÷ one process', '÷ cluster/round-robin', 'connections/s', OTHERS];
    return table(['', ...head], rows);
  },
};

await main(import.meta, cpu);
