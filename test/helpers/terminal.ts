import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { CLI, NODE } from './fleet.ts';

/** Why no terminal can be had here. */
export const noTerminal: string | undefined = spawnSync('script', ['--version']).error?.message;
if (noTerminal !== undefined) console.warn(`SKIPPED: what needs a terminal (${noTerminal})`);

/** `evenkeel …` on a terminal of 80 columns and 24 rows: script(1) has one to give. */
export class OnTerminal implements AsyncDisposable {
  readonly #script: ChildProcess;
  readonly exited: Promise<number | null>;
  /** All that was written to the terminal. */
  output = '';
  #wake: (() => void)[] = [];

  constructor(args: string[], env: Record<string, string>) {
    const command = `stty rows 24 cols 80; exec '${NODE}' '${CLI}' ${args.join(' ')}`;
    this.#script = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#script.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      for (const wake of this.#wake.splice(0)) wake();
    });
    this.exited = once(this.#script, 'close').then(([code]) => code as number | null);
    void this.exited.then(() => {
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  /** The pid of evenkeel itself. */
  get pid(): number {
    const { pid } = this.#script;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
  }

  press(keys: string): void {
    this.#script.stdin?.write(keys);
  }

  /** Resolves when the terminal was sent what `matches`, after what it had been sent before. */
  async shows(matches: RegExp, from = 0): Promise<void> {
    while (!matches.test(this.output.slice(from))) {
      if (this.#script.exitCode !== null) throw new Error(`ended without ${matches}:\n${this.output}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#script.kill('SIGKILL');
    await this.exited;
  }
}
