import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FLAGS = ['-O1', '-Wall', '-Wextra', '-Werror'];

/** A program of fixtures/, compiled for Windows: its path, as long as the test `t` runs. */
export function compile(t, name) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-compiled-'));
  t.after(() => rmSync(folder, { recursive: true, maxRetries: 20, retryDelay: 50 }));
  const source = fileURLToPath(new URL(`fixtures/${name}.c`, import.meta.url));
  const program = path.join(folder, `${name}.exe`);
  execFileSync('x86_64-w64-mingw32-gcc-posix', [...FLAGS, source, '-o', program, '-lws2_32']);
  return program;
}
