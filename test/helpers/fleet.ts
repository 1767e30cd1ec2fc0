import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ownRuntimeDirectory } from './runtime-directory.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The Node the fleets run on: EVENKEEL_TEST_NODE, else this one. */
export const NODE = process.env.EVENKEEL_TEST_NODE ?? process.execPath;
export const CLI = path.join(root, 'dist/cli/main.js');
export const REGISTER = path.join(root, 'dist/register.js');

export function fixture(name: string): string {
  return path.join(root, 'test/fixtures', name);
}

/** A line of the CLI's log: JSON, since its stdout is no terminal here. */
export interface LogLine {
  level: number;
  msg: string;
  [fact: string]: unknown;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** `evenkeel …` as a process of its own. Killed, with its workers, when disposed of. */
export class Fleet implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly log: LogLine[] = [];
  /** What the application printed. */
  readonly output: string[] = [];
  /** Nothing more is printed then, also by those that it started. */
  readonly exited: Promise<Exit>;
  stderr = '';
  #isOver = false;
  #wake: (() => void)[] = [];

  /** `limits`: shell commands that come first, `ulimit -n 60;` say. `before`: a command that runs the one after
   * it in its own place, as setpriv does. `inherits`: what it has as descriptors 3 and on. */
  constructor(
    args: string[],
    env: Record<string, string> = {},
    nodeArgs: string[] = [],
    limits = '',
    before: readonly string[] = [],
    inherits: readonly (number | 'ipc')[] = [],
  ) {
    const command = [...before, NODE, ...nodeArgs, CLI, ...args];
    this.process = spawn('sh', ['-c', `${limits} exec "$@"`, 'sh', ...command], {
      env: { ...process.env, XDG_RUNTIME_DIR: ownRuntimeDirectory(), ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...inherits],
    });
    const { stdout, stderr } = this.process;
    if (stdout === null || stderr === null) throw new Error('no pipes');
    createInterface({ input: stdout }).on('line', (line) => this.#onLine(line));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#notify();
    });
    this.exited = once(this.process, 'close').then(([code, signal]) => ({ code, signal }) as Exit);
    void this.exited.then(() => {
      this.#isOver = true;
      this.#notify();
    });
  }

  /** The first log line, past or to come, that `matches`. Fails when the process ends without one. */
  async logged(matches: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.log.find(matches);
      if (found !== undefined) return found;
      await this.#next();
    }
  }

  /** The first line the application printed that `matches`. */
  async printed(matches: RegExp): Promise<string> {
    for (;;) {
      const found = this.output.find((line) => matches.test(line));
      if (found !== undefined) return found;
      await this.#next();
    }
  }

  /** The port of the first listener. */
  async port(): Promise<number> {
    const { port } = await this.logged(({ msg }) => msg.startsWith('listening on '));
    return port as number;
  }

  /** The port of metrics and probes. */
  async metricsPort(): Promise<number> {
    const { port } = await this.logged(({ msg }) => msg.startsWith('metrics and probes on '));
    return port as number;
  }

  /** The port of the agent check. */
  async agentPort(): Promise<number> {
    const { port } = await this.logged(({ msg }) => msg.startsWith('agent check on '));
    return port as number;
  }

  /** All workers are ready. */
  async ready(): Promise<number> {
    await this.logged(({ msg }) => / of \d+ workers ready/.test(msg));
    return this.port();
  }

  /** Sends SIGTERM and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.process.kill(signal);
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL'); // its workers end with it: their IPC channel closes
    await this.exited;
  }

  #onLine(line: string): void {
    const isLog = line.startsWith('{"level":');
    if (isLog) this.log.push(JSON.parse(line));
    else this.output.push(line);
    this.#notify();
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  async #next(): Promise<void> {
    if (this.#isOver) {
      const said = [...this.log.map(({ msg }) => msg), ...this.output].join('\n');
      throw new Error(
        `the fleet ended (${this.process.exitCode}) without what was awaited:\n${said}\n${this.stderr}`,
      );
    }
    await new Promise<void>((resolve) => this.#wake.push(resolve));
  }
}
