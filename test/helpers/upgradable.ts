import { randomUUID } from 'node:crypto';
import type { Outcome, Runtime } from './control.ts';
import { Reloadable, type Version } from './reloadable.ts';
import { isRunning } from './requests.ts';

const STARTED = /^upgrading: process (\d+) is to take this one's place$/;

/** A fleet whose primary is upgraded. Those that take its place print where it does: `log` is of all of them. */
export class Upgradable extends Reloadable {
  readonly name: string;
  readonly runtime: Runtime;

  constructor(
    runtime: Runtime,
    args: string[] = [],
    env: Record<string, string> = {},
    first: Version = {},
    before: readonly string[] = [],
    inherits: readonly number[] = [],
  ) {
    const name = randomUUID().slice(0, 8);
    super([...args, '--name', name], { ...runtime.env, ...env }, first, before, inherits);
    this.name = name;
    this.runtime = runtime;
  }

  /** `evenkeel upgrade`, to its end. */
  upgrade(): Promise<Outcome> {
    return this.runtime.cli('upgrade', '--name', this.name);
  }

  // biome-ignore lint/suspicious/noExplicitAny: see Runtime.json()
  status(): Promise<any> {
    return this.runtime.json('status', '--name', this.name);
  }

  /** Stops whoever serves; resolves when every process has ended. */
  async stopAll(): Promise<void> {
    await this.runtime.json('stop', '--name', this.name);
    await this.exited;
  }

  /** The processes that were to take the place of the one before, in order. */
  get successors(): number[] {
    return this.log.flatMap(({ msg }) => {
      const [, pid] = STARTED.exec(msg) ?? [];
      return pid === undefined ? [] : [Number(pid)];
    });
  }

  /** The one that is started next. */
  async successor(): Promise<number> {
    const { length } = this.successors;
    await this.logged(() => this.successors.length > length);
    return this.successors[length] as number;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.successors) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    await super[Symbol.asyncDispose]();
    await this.exited;
  }
}
