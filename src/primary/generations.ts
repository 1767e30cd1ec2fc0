import { EventEmitter } from 'node:events';
import { EvenkeelError } from '../errors.js';
import type { Log } from '../log.js';

/** What workers get in addition to this process's environment; read anew for each generation. */
export type Environment = () => Readonly<Record<string, string>> | undefined;

/** How a reload has ended. */
export interface Reload {
  /** What it was to be. */
  generation: number;
  /** Milliseconds. */
  duration: number;
  /** Why it failed. */
  error?: Error;
}

/** The same, to be told later. */
export interface ReloadOutcome {
  /** When it ended, in ms since 1970. */
  at: number;
  /** The one it made, or could not make. */
  generation: number;
  ok: boolean;
  /** Why it failed. */
  error?: string;
}

export interface GenerationEvents {
  reloadStart: [generation: number];
  reloadEnd: [reload: Reload];
}

/** Which workers are the present ones, and with what environment those come that come now. */
export class Generations extends EventEmitter<GenerationEvents> {
  readonly #readEnv: Environment;
  readonly #log: Log;
  /** Of the workers that come now. Counts from 1; goes on over the primary's upgrades. */
  current: number;
  /** Of the last reload, whatever became of it: no number is used twice. */
  #last: number;
  env: ReturnType<Environment>;
  isReloading = false;
  lastReload: ReloadOutcome | undefined;

  /** @throws what reading the environment throws */
  constructor(readEnv: Environment, first: number, log: Log) {
    super();
    this.current = first;
    this.#last = first;
    this.#readEnv = readEnv;
    this.#log = log;
    this.env = readEnv();
  }

  /** Of the next reload, or of the process that takes this one's place. */
  get next(): number {
    return this.#last + 1;
  }

  /** Begins the next one; `replace` makes its workers take the place of `count` others. */
  async renew(count: number, replace: () => Promise<void>): Promise<void> {
    const generation = ++this.#last;
    const begun = performance.now();
    const end = (error?: Error): void => {
      const duration = performance.now() - begun;
      this.isReloading = false;
      this.lastReload = {
        at: Date.now(),
        generation,
        ok: error === undefined,
        ...(error && { error: error.message }),
      };
      this.emit('reloadEnd', { generation, duration, ...(error && { error }) });
    };
    try {
      this.isReloading = true;
      this.emit('reloadStart', generation);
      await this.#replace(generation, count, replace);
    } catch (error) {
      end(error as Error);
      throw error;
    }
    end();
  }

  async #replace(generation: number, count: number, replace: () => Promise<void>): Promise<void> {
    const { env, current } = this;
    try {
      this.env = this.#readEnv();
      this.current = generation;
      this.#log.info({ generation }, `reloading ${count} workers: generation ${generation}`);
      await replace();
      this.#log.info({ generation }, `reloaded: ${count} workers of generation ${generation}`);
    } catch (error) {
      // Who comes from now on has what the old ones have.
      this.env = env;
      this.current = current;
      if (error instanceof EvenkeelError) {
        this.#log.error({ code: error.code }, `the reload failed: ${error.message}`);
      }
      throw error;
    }
  }
}
