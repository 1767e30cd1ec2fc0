import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { loadThreads } from './placement.mjs';
import { FATES, tally } from './request.mjs';

const GENERATOR = fileURLToPath(new URL('./generator.mjs', import.meta.url));

/** ms until the first arrival: metronomes have to start. */
const SETTLE = 200;

/** New connections a second that one process opens on time, with much to spare: at twice that it was itself up to 4 ms
 * late at the 99th percentile. */
const RATE = 1000;

/** Sends requests when they are due; see generator.mjs. At rates that are too much for one process it is several, where
 * they have CPUs.
 * @param {{at: number, path: string}[]} arrivals in order, ms from the start
 * @param {{hungAfter?: number, keepAlive?: number, atMost?: number}} options keepAlive: so many clients keep their connections; else
 * each request has a new one; atMost: so many processes
 * @returns {{results: Promise<Results>, stop(): void}} stop: send no more, but wait for what was sent */
export function load(port, arrivals, { hungAfter, keepAlive, atMost = loadThreads } = {}) {
  const count = keepAlive === undefined ? processesFor(arrivals, atMost) : 1;
  const generators = deal(arrivals, count).map((part) =>
    generator({ port, arrivals: part, hungAfter, keepAlive }),
  );
  const results = begin(generators).then((columns) => new Results(together(columns)));
  // Who waits for the results is told; meanwhile nobody is to go on loading whoever is measured next.
  results.catch(() => {
    for (const { end } of generators) end();
  });
  return {
    results,
    stop: () => {
      for (const { send } of generators) send('stop');
    },
  };
}

/** How many processes it takes to send that on time. Pure. */
export function processesFor(arrivals, atMost) {
  const seconds = Math.max(1, (arrivals.at(-1)?.at ?? 0) / 1000);
  const needed = Math.ceil(arrivals.length / seconds / RATE - 0.1); // chance is to make it no other number
  return Math.max(1, Math.min(needed, atMost));
}

/** Each gets its turn, so that all have the same to do at any time. Pure. */
export function deal(list, count) {
  return Array.from({ length: count }, (_, part) => list.filter((_, i) => i % count === part));
}

/** What deal() parted: columns of each part as columns of all. Pure. */
export function together(parts) {
  const [first] = parts;
  return Object.fromEntries(
    Object.entries(first).map(([key, column]) => {
      const length = parts.reduce((sum, part) => sum + part[key].length, 0);
      const whole = new column.constructor(length);
      return [key, whole.map((_, i) => parts[i % parts.length][key][Math.floor(i / parts.length)])];
    }),
  );
}

/** Starts one process, and tells it what to do.
 * @returns {{send(message: unknown): void, said(): Promise<unknown>, end(): void}} said: its next message; send:
 * nothing where it has ended */
function generator(task) {
  // Ends when this process does. Each connection leaves garbage: it is collected less often.
  const execArgv = ['--max-semi-space-size=64'];
  const child = fork(GENERATOR, { serialization: 'advanced', execArgv });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the load generator ended: ${signal ?? code}`);
  });
  ended.catch(() => {}); // so it does when it has told its results
  const said = () => Promise.race([once(child, 'message').then(([message]) => message), ended]);
  const send = (message) => {
    if (child.connected) child.send(message, () => {}); // how it has ended, said() tells
  };
  send(task);
  return { send, said, end: () => child.kill('SIGKILL') };
}

/** When all have what they need, they begin at one moment. Resolves to the columns of each. */
async function begin(generators) {
  await Promise.all(generators.map(({ said }) => said()));
  const results = generators.map(({ said }) => said());
  const at = Number(process.hrtime.bigint()) / 1e6 + SETTLE;
  for (const { send } of generators) send({ begin: at });
  return Promise.all(results);
}

/** What became of each arrival, by its index. */
export class Results {
  #columns;

  constructor(columns) {
    this.#columns = columns;
  }

  /** How often each fate, of the arrivals that count and were sent. */
  tally(counts = () => true) {
    const sent = [...this.#columns.fates.entries()].filter(([i, fate]) => fate >= 0 && counts(i));
    return tally(sent.map(([, fate]) => FATES[fate]));
  }

  /** How long each took that was answered, in ms from when it was due. One that hung counts with the time it was
   * given: without it, the slowest server would lose its slowest answers. */
  latencies(counts = () => true) {
    const { took, fates } = this.#columns;
    const hasWaited = [FATES.indexOf('ok'), FATES.indexOf('hung')];
    return took.filter((_, i) => hasWaited.includes(fates[i]) && counts(i));
  }

  /** How late each was sent, in ms: the generator's own share of what it measured. */
  lateness(counts = () => true) {
    return this.#columns.late.filter((ms, i) => !Number.isNaN(ms) && counts(i));
  }
}
