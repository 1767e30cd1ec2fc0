import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { FATES, tally } from './request.mjs';

const GENERATOR = fileURLToPath(new URL('./generator.mjs', import.meta.url));

/** Sends requests when they are due; see generator.mjs.
 * @param {{at: number, path: string}[]} arrivals in order, ms from the start
 * @param {{hungAfter?: number, keepAlive?: number}} options keepAlive: so many clients keep their connections; else
 * each request has a new one
 * @returns {{results: Promise<Results>, stop(): void}} stop: send no more, but wait for what was sent */
export function load(port, arrivals, { hungAfter, keepAlive } = {}) {
  const generator = fork(GENERATOR, { serialization: 'advanced' }); // ends when this process does
  generator.send({ port, arrivals, hungAfter, keepAlive });
  const results = Promise.race([
    once(generator, 'message').then(([columns]) => new Results(columns)),
    once(generator, 'exit').then(([code, signal]) => {
      throw new Error(`the load generator ended: ${signal ?? code}`);
    }),
  ]);
  return { results, stop: () => generator.send('stop') };
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
