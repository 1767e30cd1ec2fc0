import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { fixture } from './fleet.ts';

/** A library to be preloaded that stands for a system that refuses, compiled from a fixture: the path of it,
 * once the tests run. */
export function preloaded(source: string): () => string {
  let folder: string;
  let library: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-preload-'));
    library = path.join(folder, 'preloaded.so');
    const flags = ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library];
    execFileSync('gcc', [...flags, fixture(source), '-ldl']);
  });

  afterAll(() => rmSync(folder, { recursive: true }));
  return () => library;
}
