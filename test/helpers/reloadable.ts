import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { Fleet, fixture, type LogLine } from './fleet.ts';
import { writeWhole } from './write-whole.mjs';

export interface Version {
  mode?:
    | 'ok'
    | 'says'
    | 'crashes'
    | 'never-listens'
    | 'waits'
    | 'blocks'
    | 'tries-a-port'
    | 'listens-twice'
    | 'fails-later'
    | 'drops';
  /** Ports, Unix sockets, or `udp:` and a port. */
  listenOn?: (number | string)[];
  host?: string;
}

/** A fleet of test/fixtures/reloadable.mjs, and what its next generation will be. */
export class Reloadable extends Fleet {
  readonly file: string;
  #version: number;

  constructor(
    args: string[] = [],
    env: Record<string, string> = {},
    first: Version = {},
    before: readonly string[] = [],
    inherits: readonly number[] = [],
  ) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-reload-'));
    const file = path.join(folder, 'version.json');
    write(file, 1, first);
    super([...args, fixture('reloadable.mjs'), '--', file], env, [], '', before, inherits);
    this.file = file;
    this.#version = 1;
    onTestFinished(() => rmSync(folder, { recursive: true }));
  }

  get version(): number {
    return this.#version;
  }

  /** What is run from now on. */
  deploy(next: Version = {}): void {
    this.#version++;
    write(this.file, this.#version, next);
  }

  /** Resolves with the line that says how the reload of that generation, 2 at first, ended. */
  async reload(signal: NodeJS.Signals = 'SIGHUP'): Promise<LogLine> {
    const before = this.#ended().length;
    this.process.kill(signal);
    await this.logged(() => this.#ended().length > before);
    return this.#ended()[before] as LogLine;
  }

  #ended(): LogLine[] {
    return this.log.filter(({ msg }) => /^reloaded: |^the reload failed: |^cannot reload: /.test(msg));
  }
}

function write(file: string, version: number, { mode = 'ok', listenOn = [0], host }: Version): void {
  writeWhole(file, JSON.stringify({ version, mode, listenOn, host }));
}
