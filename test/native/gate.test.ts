import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

// native/gate.h needs no Node: each program here is compiled with the sanitizers and run by itself.
const folder = fileURLToPath(new URL('gate', import.meta.url));
const programs = readdirSync(folder).filter((name) => name.endsWith('.cc'));
const FLAGS =
  '-std=c++17 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all';
/** The seed of the random tables, where one is to be repeated. */
const SEED = process.env.EVENKEEL_TEST_SEED;

let built: string;

beforeAll(() => {
  built = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-gate-'));
});

afterAll(() => rmSync(built, { recursive: true }));

test.each(programs)('%s', (program) => {
  const binary = path.join(built, path.basename(program, '.cc'));
  execFileSync(process.env.CXX ?? 'g++', [...FLAGS.split(' '), path.join(folder, program), '-o', binary]);
  // A preloaded sanitizer (test/asan.sh) is this program's own already.
  const env = { ...process.env, LD_PRELOAD: '' };
  const { status, stdout, stderr } = spawnSync(binary, SEED === undefined ? [] : [SEED], {
    encoding: 'utf8',
    env,
  });
  expect(status, `${stdout}${stderr}`).toBe(0);
});
