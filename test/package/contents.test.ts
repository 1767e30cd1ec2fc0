import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const tarball = inject('tarball');
const files = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .map((name) => name.replace(/^package\//, ''));

const EXPECTED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|binding\.gyp)$/,
  /^dist\/([\w-]+\/)*[\w-]+\.(js|d\.ts)$/,
  /^native\/(posix\/|linux\/|win\/)?\w+\.(h|cc)$/, // for who must compile
  /^native\/linux\/bpf\/(layout|selectors)\.h$/,
  /^native\/without-addon\.mjs$/,
  /^prebuilds\/linux-(x64|arm64)\/evenkeel\.(glibc|musl)\.node$/,
  /^prebuilds\/win32-x64\/evenkeel\.node$/,
];

test('has what users need, and nothing else', () => {
  expect(files.filter((name) => !EXPECTED.some((one) => one.test(name)))).toEqual([]);
  const seen = EXPECTED.slice(0, 6).map((one) => files.some((name) => one.test(name)));
  expect(seen).toEqual(seen.map(() => true));
});

test('has no module whose source is gone: dist/ is never emptied', () => {
  const modules = files.filter((name) => /^dist\/.*\.js$/.test(name));
  const source = (name: string) => path.join(ROOT, name.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts'));
  expect(modules.filter((name) => !existsSync(source(name)))).toEqual([]);
});

test('has every source of the addon', () => {
  const listed = execFileSync('git', ['ls-files', 'native'], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n');
  const sources = listed.filter((name) => /\.(cc|h)$/.test(name) && !/\/portable\/|\.bpf\./.test(name));
  expect(sources.filter((name) => !files.includes(name))).toEqual([]);
});

test('is less than 1.5 MB', () => {
  expect(statSync(tarball).size).toBeLessThan(1.5e6);
});

const tool = (name: string, args: string[]): string => {
  const file = path.join(ROOT, 'node_modules/.bin', name);
  return execFileSync(file, args, { encoding: 'utf8', cwd: ROOT, env: { ...process.env, NO_COLOR: '1' } });
};

test('publint has nothing to say', () => {
  expect(tool('publint', ['run', '--strict', tarball])).toMatch(/All good/);
});

// CommonJS can require() it where Node can require() ES modules, which is every Node it is for.
test('its types are right, for ES modules', () => {
  expect(tool('attw', [tarball, '--profile', 'esm-only', '--no-emoji'])).not.toMatch(/^.*ESM\): (?!OK)/m);
});
