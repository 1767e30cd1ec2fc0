import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Project } from './project.ts';
import { serve } from './serve.ts';

const MACHINE = /for linux-\w+-(glibc [\d.]+|musl): /;
const REMEDY = /install a C\+\+17 compiler, make and python3, then.*npm rebuild evenkeel/s;

describe('no prebuilt binary fits, and there is no compiler', () => {
  let project: Project;
  let said: string;

  beforeAll(() => {
    project = new Project({ compiler: false });
    said = project.install(inject('bareTarball'));
  });

  afterAll(() => project[Symbol.dispose]());

  test('the installation says so and what to do, and does not fail', () => {
    expect(said).toMatch(/evenkeel has no native addon for linux-/);
    expect(said).toMatch(REMEDY);
  });

  test('explain says why', () => {
    const { stdout } = project.run('npx', ['evenkeel', 'explain']);
    expect(stdout).toMatch(MACHINE);
    expect(stdout).toMatch(REMEDY);
  });

  test('auto serves by node:cluster, with a warning', async () => {
    expect(await serve(project, [project.installed('../.bin/evenkeel'), 'server.cjs', '-w', '2'], {})).toBe(
      0,
    );
    const { stdout } = project.run('node', ['required.cjs']);
    expect(stdout.trim()).toBe('node:cluster');
  });

  test('a strategy that is named is refused', () => {
    const { status, stderr } = project.run('npx', ['evenkeel', 'server.cjs', '-s', 'hand-off']);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/ERR_ADDON_UNAVAILABLE/)]);
    expect(stderr).toMatch(MACHINE);
  });
});

test('no prebuilt binary fits: it is compiled', { timeout: 300_000 }, async () => {
  using project = new Project({ compiler: true });
  project.install(inject('bareTarball'), { npm_config_jobs: 'max' });
  expect(existsSync(project.installed('build/Release/evenkeel.node'))).toBe(true);
  expect(await serve(project, ['node', 'library.mjs', 'hand-off', 'round-robin'], {})).toBe(0);
});
