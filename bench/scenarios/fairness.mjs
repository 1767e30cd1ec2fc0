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

const COLUMNS = Object.entries({
  sequential: '1000 in turn',
  concurrent: '1000 at once',
  held: '100 held, in turn',
  heldAtOnce: '100 held, at once',
  replaced: '60 held, kill, 60 more',
}).map(([key, label]) => ({ key, label, unit: '', digits: 2, better: 'lower' }));

export const fairness = {
  name: 'fairness',
  title: 'Connections of the fullest worker over the mean. In turn: each opened when the last was answered',
  contestants: [...MAIN, NODE_REUSE_PORT],
  killsWorkers: true,
  options: { rounds: 3 },
  quick: { rounds: 1 },
  takes: () => 4,

  run(contestants, options) {
    return fresh(contestants, options, measure);
  },

  summarize: (results) => ({
    ...summarize(results, COLUMNS),
    distributions: {
      workers: Object.fromEntries(Object.entries(results).map(([id, rounds]) => [id, rounds.at(-1).counts])),
    },
  }),
};

async function measure(server) {
  const fates = [];
  const ask = async (options) => {
    const answer = await request(server.port, options);
    fates.push(answer.fate);
    return answer;
  };
  const hold = () => ask({ keep: true });

  const sequential = unevenness(server, await inTurn(1000, ask));
  const concurrent = unevenness(server, await atOnce(1000, ask));
  const answers = await inTurn(100, hold);
  const counts = countsOf(server, answers);
  const held = await whileHeld(server, answers);
  const heldAtOnce = await whileHeld(server, await atOnce(100, hold));
  const survivors = await replaceOne(server, await inTurn(60, hold));
  const replaced = await whileHeld(server, [...survivors, ...(await inTurn(60, hold))]);
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
