// Memory after the warm-up, by the kernel's accounting. RSS counts what processes share (Node's own code, above all) for
// each; PSS shares it out among all on the machine, the bench's own and those kept for other scenarios, too.
import { main } from '../lib/command.mjs';
import { MAIN, ONE_PROCESS } from '../lib/contestants.mjs';
import { memoryOf, together } from '../lib/memory.mjs';
import { fresh } from '../lib/rounds.mjs';
import { over, summarize } from '../lib/summary.mjs';

const megabytes = (key, label) => ({ key, label, unit: 'MiB', digits: 1, better: 'lower' });
const TOTAL = megabytes('total', 'all, what they share once');

export const memory = {
  name: 'memory',
  title: 'Memory after the warm-up in MiB: of a worker (the mean), of all that is no worker, of all',
  contestants: [ONE_PROCESS.id, ...MAIN, 'pm2', 'haproxy'],
  enough: 1,
  options: { rounds: 3 },
  quick: null,
  takes: () => 4,

  run(contestants, options) {
    return fresh(contestants, options, async (server) => {
      await server.warmUp();
      const { workers } = server;
      const others = server.pids.filter((pid) => !workers.includes(pid)).map(memoryOf);
      const serving = workers.map(memoryOf);
      return {
        workerPss: mean(serving, 'pss'),
        workerRss: mean(serving, 'rss'),
        workerOwn: mean(serving, 'own'),
        othersPss: sum(others, 'pss'),
        othersRss: sum(others, 'rss'),
        othersOwn: sum(others, 'own'),
        total: together([...others, ...serving]),
      };
    });
  },

  summarize(results) {
    return summarize(results, [
      megabytes('workerPss', 'worker, PSS'),
      megabytes('workerRss', 'worker, RSS'),
      megabytes('workerOwn', 'worker, its own'),
      megabytes('othersPss', 'primary or proxy, PSS'),
      megabytes('othersRss', 'primary or proxy, RSS'),
      megabytes('othersOwn', 'primary or proxy, its own'),
      TOTAL,
      over(TOTAL, ONE_PROCESS.id),
    ]);
  },
};

const sum = (list, key) => list.reduce((total, one) => total + one[key], 0);
const mean = (list, key) => sum(list, key) / list.length;

await main(import.meta, memory);
