// CPU time for each new connection, of the whole process tree, and how many a second at most. The load is a
// closed loop that never lets the servers rest: wrk, 64 clients, `Connection: close`.
import { main } from '../lib/command.mjs';
import { ALL, ONE_PROCESS, ROUND_ROBIN } from '../lib/contestants.mjs';
import { cpuTime } from '../lib/processes.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { spread } from '../lib/statistics.mjs';
import { figure, ratio, table } from '../lib/table.mjs';
import { wrk } from '../lib/wrk.mjs';

export const cpu = {
  name: 'cpu',
  title: 'CPU time for each new connection (primary and workers), and the most connections a second',
  contestants: ALL.map(({ id }) => id),
  options: { rounds: 5, seconds: 2 },

  async run(contestants, options) {
    const figures = await interleaved(contestants, options, async (server) => {
      const { pids } = server;
      const before = cpuTime(pids);
      const { count, seconds } = await wrk(server.port, options.seconds);
      return { microseconds: (cpuTime(pids) - before) / count, rate: count / seconds };
    });
    return [...figures].map(([id, rounds]) => ({
      id,
      microseconds: spread(rounds.map((round) => round.microseconds)),
      rate: spread(rounds.map((round) => round.rate)),
    }));
  },

  print(results) {
    const of = (wanted) => results.find(({ id }) => id === wanted)?.microseconds.values;
    const rows = results.map(({ id, microseconds, rate }) => [
      id,
      figure(microseconds),
      ratio(microseconds.values, of(ONE_PROCESS.id)),
      ratio(microseconds.values, of(ROUND_ROBIN.id)),
      figure(rate, 0),
    ]);
    return table(['', 'µs/connection', '÷ one process', '÷ cluster/round-robin', 'connections/s'], rows);
  },
};

await main(import.meta, cpu);
