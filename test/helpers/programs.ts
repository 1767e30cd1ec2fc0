import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const FLAGS =
  '-std=c++17 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all';
/** Milliseconds, on a machine that is busy with something else. */
const COMPILING = 180_000;
/** The seed of what is random in them, where a run is to be repeated. */
const SEED = process.env.EVENKEEL_TEST_SEED;

/** A test for each C++ program of a folder beside test/native, which needs no Node: compiled with the
 * sanitizers and run by itself. */
export function testPrograms(name: string): void {
  const folder = fileURLToPath(new URL(`../native/${name}`, import.meta.url));
  let built: string;

  beforeAll(() => {
    built = mkdtempSync(path.join(os.tmpdir(), `evenkeel-${name}-`));
  });

  afterAll(() => rmSync(built, { recursive: true }));

  const programs = readdirSync(folder).filter((file) => file.endsWith('.cc'));
  test.each(programs)('%s', { timeout: COMPILING }, (program) => {
    const binary = path.join(built, path.basename(program, '.cc'));
    const flags = [...FLAGS.split(' '), `-I${folder}/include`, '-pthread'];
    execFileSync(process.env.CXX ?? 'g++', [...flags, path.join(folder, program), '-o', binary]);
    const args = SEED === undefined ? [] : [SEED];
    const { status, stdout, stderr } = spawnSync(binary, args, { encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).toBe(0);
  });
}
