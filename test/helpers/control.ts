import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { CLI, NODE } from './fleet.ts';

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A place for control sockets that no other test sees. */
export class Runtime {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'ek-'));
  readonly env = { XDG_RUNTIME_DIR: this.folder };

  constructor() {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  get directory(): string {
    return path.join(this.folder, 'evenkeel');
  }

  socket(name: string): string {
    return path.join(this.directory, `${name}.sock`);
  }

  /** Runs `evenkeel …` to its end. */
  async cli(...args: string[]): Promise<Outcome> {
    const child = spawn(NODE, [CLI, ...args], {
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const outcome: Outcome = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      outcome.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      outcome.stderr += text;
    });
    [outcome.code] = await once(child, 'close');
    return outcome;
  }

  /** What `evenkeel … --json` says; fails where that fails. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
  async json(...args: string[]): Promise<any> {
    const { code, stdout, stderr } = await this.cli(...args, '--json');
    if (code !== 0) throw new Error(`evenkeel ${args.join(' ')}: ${code}\n${stdout}${stderr}`);
    return JSON.parse(stdout);
  }
}
