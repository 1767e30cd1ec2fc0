import { EvenkeelError } from '../errors.js';
import { TakeoverChannel } from './channel.js';
import type { Command } from './command.js';
import { Launched } from './launched.js';
import type { FailedMessage, FromNew, FromOld, Manifest } from './manifest.js';

/** Tells a process that it takes another one's place: the descriptor of its end of the conversation. The sockets
 * come after it. */
export const TAKEOVER_ENV = 'EVENKEEL_TAKEOVER';
export const CHANNEL_FD = 3;

export interface SuccessorOptions {
  command: Command;
  /** Its environment. */
  env: NodeJS.ProcessEnv;
  manifest: Manifest;
  /** The manifest's sockets; the caller's. */
  fds: readonly number[];
}

/** The process that is to take this one's place, from its start until the sockets are its. */
export class Successor {
  readonly #launched: Launched;
  readonly #channel: TakeoverChannel<FromOld>;
  #settle: (result: { workers: number } | Error) => void = () => {};
  readonly #result: Promise<{ workers: number } | Error>;
  /** Whether it serves: false, where it has ended, or closed the channel. */
  readonly #serving: Promise<boolean>;
  #onServing: (isServing: boolean) => void = () => {};
  #isOver = false;
  /** It knows that it cannot. */
  #hasFailed = false;

  /** @throws EvenkeelError ERR_UPGRADE_FAILED where no process can be made */
  static async begin({ command, env, manifest, fds }: SuccessorOptions): Promise<Successor> {
    const environment = { ...env, PWD: command.cwd, [TAKEOVER_ENV]: String(CHANNEL_FD) };
    try {
      return new Successor(await Launched.begin(command, environment, fds), manifest);
    } catch (error) {
      throw cannotBeStarted(error as Error);
    }
  }

  private constructor(launched: Launched, manifest: Manifest) {
    this.#launched = launched;
    this.#result = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#serving = new Promise((resolve) => {
      this.#onServing = resolve;
    });
    void launched.ended.then((how) => this.#settle(failed(`ended before it was ready: ${how}`)));
    this.#channel = new TakeoverChannel(launched.stream, {
      onMessage: (message) => this.#onMessage(message),
      // It has ended, which says more; or it has closed what it did not know.
      onEnd: () => {
        this.#isOver = true;
        this.#onServing(false);
        const settle = (): void => {
          if (!launched.isToEnd()) this.#settle(failed('does not want the sockets: does it call start()?'));
        };
        launched.pid.then(
          () => setTimeout(settle, SETTLE),
          () => {}, // started() says so
        );
      },
    });
    this.#channel.send({ takeover: manifest });
  }

  /** Resolves with its process id.
   * @throws EvenkeelError ERR_UPGRADE_FAILED: it cannot be started */
  async started(): Promise<number> {
    return this.#launched.pid.catch((error: Error) => {
      throw cannotBeStarted(error);
    });
  }

  /** Resolves when every worker of it is ready.
   * @param limit milliseconds
   * @throws EvenkeelError ERR_UPGRADE_FAILED, with the reason */
  async ready(limit: number): Promise<{ workers: number }> {
    const timer = setTimeout(() => this.#settle(failed(`was not ready within ${limit} ms`)), limit);
    const result = await this.#result;
    clearTimeout(timer);
    if (result instanceof Error) throw result;
    await this.#launched.letGo();
    if (this.#isOver) throw failed('ended as soon as it was ready');
    return result;
  }

  /** ready() throws this, and the other process hears of it whatever becomes of this one. */
  cancel(error: Error): void {
    this.#channel.send({ aborted: error.message });
    this.#settle(error);
  }

  /** The sockets are its; it lives on without us. Resolves when it serves whatever else this process did.
   * @throws EvenkeelError ERR_UPGRADE_FAILED: it has ended instead */
  async release(): Promise<void> {
    this.#channel.send({ released: true });
    if (!(await this.#serving))
      throw new EvenkeelError('ERR_UPGRADE_FAILED', 'the new process ended as soon as it had the sockets');
    this.#channel.close();
  }

  /** It is not to take them, and ends; what has not after `limit` ms is killed. Resolves when it has. */
  async abort(why: string, limit: number): Promise<void> {
    this.#channel.send({ aborted: why });
    this.#channel.close();
    await this.#launched.end(this.#hasFailed ? FAREWELL : 0, limit);
  }

  #onMessage(message: unknown): void {
    const said = message as Partial<Record<'ready' | 'failed' | 'serving', unknown>>;
    const { ready, failed: failure, serving } = said;
    if (serving === true) return this.#onServing(true);
    const { workers } = (ready ?? {}) as Partial<Extract<FromNew, { ready: unknown }>['ready']>;
    if (Number.isSafeInteger(workers)) return this.#settle({ workers: workers as number });
    const { code, message: why } = (failure ?? {}) as Partial<FailedMessage>;
    if (typeof why !== 'string') return;
    this.#hasFailed = true;
    this.#settle(failed(`says: ${why}${typeof code === 'string' ? ` [${code}]` : ''}`));
  }
}

/** Who has said why it cannot, ends by itself, and may have more to say to people; milliseconds. */
const FAREWELL = 1000;

/** How it ended comes another way than that it has closed its descriptors, and who closes them may be about to end;
 * milliseconds. */
const SETTLE = 500;

function cannotBeStarted({ message }: Error): EvenkeelError {
  return failed(`cannot be started: ${message}`);
}

function failed(what: string): EvenkeelError {
  return new EvenkeelError(
    'ERR_UPGRADE_FAILED',
    `the new process ${what}; this one goes on, and so do its workers`,
  );
}
