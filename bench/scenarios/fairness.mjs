// How evenly connections spread over the workers: the fullest worker's share over the mean. 1 is even, 4 is
// one of four workers with everything.
import { main } from '../lib/command.mjs';
import { connectionsInside } from '../lib/connections.mjs';
import { MAIN, NODE_REUSE_PORT } from '../lib/contestants.mjs';
import { eventually } from '../lib/eventually.mjs';
import { isAlive } from '../lib/processes.mjs';
import { request, tally } from '../lib/request.mjs';
import { fresh } from '../lib/rounds.mjs';
import { maxOverMean } from '../lib/statistics.mjs';
import { summarize } from '../lib/summary.mjs';

const columns = ({ requests, held, kept }) =>
  Object.entries({
    sequential: `${requests} in turn`,
    concurrent: `${requests} at once`,
    held: `${held} held, in turn`,
    heldAtOnce: `${held} held, at once`,
    replaced: `${kept} held, kill, ${kept} more`,
  }).map(([key, label]) => ({ key, label, unit: '', digits: 2, better: 'lower' }));

export const fairness = {
  name: 'fairness',
  title: 'Connections of the fullest worker over the mean. In turn: each opened when the last was answered',
  contestants: [...MAIN, NODE_REUSE_PORT],
  killsWorkers: true,
  /** As many for each worker, whatever their number: of 100 held ones, 16 workers can at best have 7 and 6. */
  options: { rounds: 3, requests: 1000, held: 100, kept: 60 },
  scale: { requests: 'workers', held: 'workers', kept: 'workers' },
  quick: { rounds: 1 },
  takes: ({ requests }) => 2 + requests / 500,

  run(contestants, options) {
    return fresh(contestants, options, (server) => measure(server, options));
  },

  summarize: (results, options) => ({
    ...summarize(results, columns(options)),
    distributions: {
      workers: Object.fromEntries(Object.entries(results).map(([id, rounds]) => [id, rounds.at(-1).counts])),
    },
  }),
};

async function measure(server, { requests, held: count, kept }) {
  const fates = [];
  const ask = async (options) => {
    const answer = await request(server.port, options);
    fates.push(answer.fate);
    return answer;
  };
  const hold = () => ask({ keep: true });

  const sequential = unevenness(server, await inTurn(requests, ask));
  const concurrent = unevenness(server, await atOnce(requests, ask));
  const answers = await inTurn(count, hold);
  const counts = countsOf(server, answers);
  const held = await whileHeld(server, answers);
  const heldAtOnce = await whileHeld(server, await atOnce(count, hold));
  const survivors = await replaceOne(server, await inTurn(kept, hold));
  const replaced = await whileHeld(server, [...survivors, ...(await inTurn(kept, hold))]);
  return { sequential, concurrent, held, heldAtOnce, replaced, counts, fates: tally(fates) };
}

async function inTurn(count, ask) {
  const answers = [];
  for (let i = 0; i < count; i++) answers.push(await ask());
  return answers;
}

function atOnce(count, ask) {
  return Promise.all(Array.from({ length: count }, () => ask()));
}

/** How many answers each worker gave. */
function countsOf({ workers }, answers) {
  return workers.map((worker) => answers.filter(({ pid }) => pid === worker).length);
}

const unevenness = (server, answers) => maxOverMean(countsOf(server, answers));

/** Unevenness of held connections, which it then closes. */
async function whileHeld(server, answers) {
  const result = unevenness(server, answers);
  for (const { socket } of answers) socket.destroy();
  const open = () => server.workers.some((pid) => connectionsInside(pid, server.port) > 0);
  await eventually('every worker has seen the connections close', () => !open());
  return result;
}

/** Kills a worker and waits for the next one; returns the held connections that are left. */
async function replaceOne(server, answers) {
  const [victim] = server.workers;
  process.kill(victim, 'SIGKILL');
  await eventually(`worker ${victim} is dead`, () => !isAlive(victim));
  await server.allReady();
  return answers.filter(({ pid }) => pid !== victim);
}

await main(import.meta, fairness);
