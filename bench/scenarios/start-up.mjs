// How long a start takes: from the command to the first worker that listens, and to the last. Each round is a start.
import { main } from '../lib/command.mjs';
import { MAIN, ONE_PROCESS, ROUND_ROBIN } from '../lib/contestants.mjs';
import { fresh } from '../lib/rounds.mjs';
import { over, summarize } from '../lib/summary.mjs';

const FIRST = { key: 'first', label: 'first worker', unit: 'ms', digits: 0, better: 'lower' };
const ALL_READY = { key: 'all', label: 'all workers', unit: 'ms', digits: 0, better: 'lower' };

export const startUp = {
  name: 'start-up',
  title: 'From the start to workers that listen, in ms',
  contestants: [ONE_PROCESS.id, ...MAIN, 'pm2'],
  options: { rounds: 7 },
  quick: { rounds: 3 },
  takes: () => 1,

  run(contestants, options) {
    return fresh(contestants, options, async ({ readyAfter }) => ({
      first: readyAfter[0],
      all: readyAfter.at(-1),
    }));
  },

  summarize(results) {
    return summarize(results, [
      FIRST,
      ALL_READY,
      over(ALL_READY, ONE_PROCESS.id),
      over(ALL_READY, ROUND_ROBIN.id),
    ]);
  },
};

await main(import.meta, startUp);
