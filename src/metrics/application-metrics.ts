import type { Worker } from 'node:cluster';
import type { Log } from '../log.js';
import { type Answer, isAnswer, parseAnswer, QUESTION } from './answer.js';
import type { Family } from './family.js';

/** Milliseconds a worker has to answer. */
const LIMIT = 1000;
/** Each metric that cannot be told is told of once, and so many at most: names may be made of anything. */
const MOST_COMPLAINTS = 100;

/** What the applications in the workers measure with a prom-client of their own. Each is asked as prom-client's
 * AggregatorRegistry would ask it. Where a worker is late its last answer counts: without it, sums would fall and
 * rise again. */
export class ApplicationMetrics {
  readonly #log: Log;
  /** By worker. */
  readonly #sources = new Map<Worker, Source>();
  /** Metrics that were told of. */
  readonly #told = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Of each registry of each of these workers its metrics; none of a worker that has never answered. */
  async collect(workers: readonly Worker[]): Promise<Family[][]> {
    const asked = new Set(workers);
    for (const worker of this.#sources.keys()) if (!asked.has(worker)) this.#sources.delete(worker);
    const sources = workers.map((worker) => this.#sourceOf(worker));
    await Promise.all(sources.map((source) => source.ask(LIMIT)));
    return this.#ofOneType(sources.flatMap(({ latest }) => latest));
  }

  /** While a reload changes what a metric is, workers differ in it: those that differ from the first are left out, since
   * there is no sum of them. */
  #ofOneType(registries: Family[][]): Family[][] {
    const types = new Map<string, Family['type']>();
    for (const { name, type } of registries.flat()) if (!types.has(name)) types.set(name, type);
    return registries.map((families) =>
      families.filter(({ name, type }) => {
        const isSame = types.get(name) === type;
        if (!isSame)
          this.#leaveOut(name, `it is a ${type} in one worker and a ${types.get(name)} in another`);
        return isSame;
      }),
    );
  }

  #leaveOut(name: string, why: string): void {
    if (this.#told.has(name) || this.#told.size >= MOST_COMPLAINTS) return;
    this.#told.add(name);
    this.#log.warn({ metric: name }, `the application's metric ${JSON.stringify(name)} is left out: ${why}`);
  }

  #sourceOf(worker: Worker): Source {
    let source = this.#sources.get(worker);
    if (source === undefined) {
      source = new Source(worker, this.#log, (name) => this.#leaveOut(name, UNTELLABLE));
      this.#sources.set(worker, source);
    }
    return source;
  }
}

const UNTELLABLE =
  'it has a value that is no number, or a name or label that Prometheus does not know, or is ours';
const PREFIX = 'evenkeel:';
let lastRequest = 0;

function isRequest(id: unknown): boolean {
  return typeof id === 'string' && id.startsWith(PREFIX);
}

/** One worker. */
class Source {
  /** Its last answer. */
  latest: Family[][] = [];
  readonly #worker: Worker;
  readonly #log: Log;
  readonly #onLeftOut: (name: string) => void;
  /** The question that is open. */
  #request: string | undefined;
  #wake: () => void = () => {};
  /** It has had its time once, and said nothing: it has no prom-client, or not its AggregatorRegistry. It is asked
   * nevertheless, once, and not waited for. */
  #isSilent = false;
  #complained = false;

  constructor(worker: Worker, log: Log, onLeftOut: (name: string) => void) {
    this.#worker = worker;
    this.#log = log;
    this.#onLeftOut = onLeftOut;
    this.#overhear();
  }

  /** Resolves when it has answered, or has had `limit` ms. A question that is still open is not asked again: who is
   * blocked would find them all. */
  async ask(limit: number): Promise<void> {
    if (!this.#worker.isConnected()) return;
    if (this.#request === undefined) {
      this.#request = `${PREFIX}${++lastRequest}`;
      // It may be about to end: then there is nothing to be heard of it.
      this.#worker.process.send({ type: QUESTION, requestId: this.#request }, () => {});
    }
    if (this.#isSilent) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#isSilent = this.latest.length === 0;
        resolve();
      }, limit);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Answers to us are nobody else's: an AggregatorRegistry of the primary's own program, of whatever copy of
   * prom-client, would take them for answers to questions it has not asked, and throw. */
  #overhear(): void {
    const worker = this.#worker;
    const emit = worker.emit as (...args: unknown[]) => boolean;
    worker.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      const [message] = args;
      const isOurs = event === 'message' && isAnswer(message) && isRequest(message.requestId);
      if (!isOurs) return emit.call(worker, event, ...args);
      this.#hear(message);
      return true;
    };
  }

  #hear(answer: Answer): void {
    if (answer.requestId !== this.#request) return;
    this.#request = undefined;
    this.#isSilent = false;
    const families = answer.error === undefined ? parseAnswer(answer, this.#onLeftOut) : undefined;
    if (families !== undefined) this.latest = families;
    else this.#complain(String(answer.error ?? 'in a way this version does not know'));
    this.#wake();
  }

  #complain(how: string): void {
    if (this.#complained) return;
    this.#complained = true;
    const { id } = this.#worker;
    this.#log.warn(
      { worker: id },
      `worker ${id}: its prom-client was asked for its metrics, and answered: ${how}`,
    );
  }
}
