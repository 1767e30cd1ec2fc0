import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { PAIRS } from '../../dist/strategies/select.js';
import { Project } from './project.ts';
import { serve } from './serve.ts';

interface Reason {
  strategy: string;
  policy: string;
  verdict: string;
}

let project: Project;
let possible: Reason[];

beforeAll(() => {
  project = new Project({ compiler: false });
  project.install(inject('tarball'));
  const { capabilities, reasons } = JSON.parse(project.run('npx', ['evenkeel', 'explain', '--json']).stdout);
  expect(capabilities.addon).toBeUndefined();
  possible = reasons.filter(({ verdict }: Reason) => verdict !== 'unsupported');
});

afterAll(() => project[Symbol.dispose]());

test('nothing there can compile', () => {
  const tools = ['cc', 'c++', 'gcc', 'g++', 'clang', 'make', 'python3', 'python'];
  const found = tools.filter((tool) => project.run('sh', ['-c', `command -v ${tool}`]).status === 0);
  expect(found).toEqual([]);
  expect(existsSync(project.installed('build'))).toBe(false);
});

test('node-gyp-build finds the prebuilt binary', () => {
  const script = `console.log(require('node-gyp-build').resolve('node_modules/evenkeel'))`;
  const { stdout } = project.run('node', ['-e', script]);
  const { platform, arch } = process;
  expect(stdout.trim()).toBe(project.installed(`prebuilds/${platform}-${arch}/evenkeel.glibc.node`));
});

test('npm refuses no dependency', () => {
  const { status, stdout } = project.run('npm', ['ls', '--all']);
  expect([status, stdout]).toEqual([0, expect.stringMatching(/evenkeel@/)]);
});

describe.each(PAIRS.map(({ strategy, policy }) => [strategy, policy] as const))(
  '%s, %s',
  (strategy, policy) => {
    const isPossible = () => possible.some((one) => one.strategy === strategy && one.policy === policy);

    test('by the CLI, by start(), by evenkeel/register: every worker answers', async (context) => {
      context.skip(!isPossible(), 'evenkeel explain says it is not possible here');
      const choice = { EVENKEEL_STRATEGY: strategy, EVENKEEL_POLICY: policy };
      const cli = project.installed('../.bin/evenkeel');
      const codes = [
        await serve(project, [cli, 'server.cjs', '-w', '2', '-s', strategy, '-p', policy], {}),
        await serve(project, ['node', 'library.mjs', strategy, policy], {}),
        await serve(project, ['node', '--import', 'evenkeel/register', 'cluster.mjs'], choice),
      ];
      expect(codes).toEqual([0, 0, 0]);
    });
  },
);

test('CommonJS can require() it', () => {
  const { stdout, stderr } = project.run('node', ['required.cjs']);
  expect([stdout.trim(), stderr]).toEqual(['shared-handle', '']);
});

test('PREBUILDS_ONLY: nothing is compiled where it could be', async () => {
  using rich = new Project({ compiler: true });
  rich.install(inject('tarball'), { PREBUILDS_ONLY: '1' });
  expect(existsSync(rich.installed('build'))).toBe(false);
  const env = { PREBUILDS_ONLY: '1' };
  expect(await serve(rich, ['node', 'library.mjs', 'shared-handle', 'least-connections'], env)).toBe(0);
});
