import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { EvenkeelError } from '../errors.js';
import { TakeoverChannel } from './channel.js';
import type { Command } from './command.js';
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
  readonly #child: ChildProcess;
  readonly #channel: TakeoverChannel<FromOld>;
  readonly #gone: Promise<unknown>;
  #settle: (result: { workers: number } | Error) => void = () => {};
  readonly #result: Promise<{ workers: number } | Error>;
  #onServing: (isServing: boolean) => void = () => {};

  /** @throws the system's error where no process can be made */
  constructor({ command, env, manifest, fds }: SuccessorOptions) {
    const { file, args, cwd } = command;
    this.#result = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#child = spawn(file, args, {
      cwd,
      env: { ...env, PWD: cwd, [TAKEOVER_ENV]: String(CHANNEL_FD) },
      stdio: ['inherit', 'inherit', 'inherit', 'pipe', ...fds],
    });
    this.#gone = once(this.#child, 'exit').catch(() => {}); // an 'error': there never was a process
    this.#child.once('error', (error) => this.#settle(failed(`cannot be started: ${error.message}`)));
    this.#child.once('exit', (code, signal) =>
      this.#settle(failed(`ended before it was ready: ${signal === null ? `exit code ${code}` : signal}`)),
    );
    this.#channel = new TakeoverChannel(this.#child.stdio[CHANNEL_FD] as Duplex, {
      onMessage: (message) => this.#onMessage(message),
      // It has ended, which says more; or it has closed what it did not know.
      onEnd: () => {
        this.#onServing(false);
        setImmediate(() => this.#settle(failed('does not want the sockets: does it call start()?')));
      },
    });
    this.#channel.send({ takeover: manifest });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when every worker of it is ready.
   * @param limit milliseconds
   * @throws EvenkeelError ERR_UPGRADE_FAILED, with the reason */
  async ready(limit: number): Promise<{ workers: number }> {
    const timer = setTimeout(() => this.#settle(failed(`was not ready within ${limit} ms`)), limit);
    const result = await this.#result;
    clearTimeout(timer);
    if (result instanceof Error) throw result;
    return result;
  }

  /** ready() throws this. */
  cancel(error: Error): void {
    this.#settle(error);
  }

  /** The sockets are its; it lives on without us. Resolves when it serves whatever else this process did.
   * @throws EvenkeelError ERR_UPGRADE_FAILED: it has ended instead */
  async release(): Promise<void> {
    const isServing = new Promise<boolean>((resolve) => {
      this.#onServing = resolve;
    });
    this.#channel.send({ released: true });
    this.#child.unref();
    if (!(await isServing))
      throw new EvenkeelError('ERR_UPGRADE_FAILED', 'the new process ended as soon as it had the sockets');
    this.#channel.close();
  }

  /** It is not to take them, and ends; what has not after `limit` ms is killed. Resolves when it has. */
  async abort(why: string, limit: number): Promise<void> {
    if (this.#child.pid === undefined) return;
    this.#channel.send({ aborted: why });
    this.#channel.close();
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), limit);
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#gone;
    clearTimeout(timer);
  }

  #onMessage(message: unknown): void {
    const said = message as Partial<Record<'ready' | 'failed' | 'serving', unknown>>;
    const { ready, failed: failure, serving } = said;
    if (serving === true) return this.#onServing(true);
    const { workers } = (ready ?? {}) as Partial<Extract<FromNew, { ready: unknown }>['ready']>;
    if (Number.isSafeInteger(workers)) return this.#settle({ workers: workers as number });
    const { code, message: why } = (failure ?? {}) as Partial<FailedMessage>;
    if (typeof why === 'string')
      this.#settle(failed(`says: ${why}${typeof code === 'string' ? ` [${code}]` : ''}`));
  }
}

function failed(what: string): EvenkeelError {
  return new EvenkeelError(
    'ERR_UPGRADE_FAILED',
    `the new process ${what}; this one goes on, and so do its workers`,
  );
}
