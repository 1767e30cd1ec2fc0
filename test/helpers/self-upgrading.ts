import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { fixture, NODE } from './fleet.ts';
import { eventually, isRunning } from './requests.ts';
import { writeWhole } from './write-whole.mjs';

/** A line of it. */
export interface Said {
  pid: number;
  port?: number;
  failed?: string;
  [fact: string]: unknown;
}

/** test/fixtures/library/upgrades.mjs, and all that take its place. */
export async function program(options: object) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-upgrades-'));
  const file = path.join(folder, 'options.json');
  const configure = (next: object) => writeWhole(file, JSON.stringify({ workers: 1, ...next }));
  configure(options);
  const child = spawn(NODE, [fixture('library/upgrades.mjs'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const lines: Said[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  onTestFinished(async () => {
    for (const { pid } of lines) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    await closed;
    rmSync(folder, { recursive: true });
  });
  const says = async (matches: (line: Said) => boolean): Promise<Said> => {
    await eventually(() => lines.some(matches));
    return lines.find(matches) as Said;
  };
  const { port } = await says((line) => line.port !== undefined);
  return { child, closed, lines, says, configure, port: port as number };
}
