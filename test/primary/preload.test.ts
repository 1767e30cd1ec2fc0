import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { requireInstead, withPreload } from '../../dist/primary/preload.js';
import { NODE, REGISTER } from '../helpers/fleet.ts';

const ENTRY = '/srv/app.js';
const OURS = ['--require', REGISTER];
const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-preload-'));
const link = path.join(folder, 'link.js');
symlinkSync(REGISTER, link);
afterAll(() => rmSync(folder, { recursive: true }));

/** Every way to name register.js. */
const NAMES = {
  "the package's name": 'evenkeel/register',
  'an absolute path': REGISTER,
  'a file: URL': pathToFileURL(REGISTER).href,
  'a symbolic link to it': link,
  'a path from here': path.relative(process.cwd(), REGISTER),
};

describe("a worker's command line", () => {
  const preloaded = (...options: string[]) => withPreload(['node', ...options, ENTRY], ENTRY);

  test('register.js is loaded first, by --require', () => {
    expect(preloaded()).toEqual(['node', ...OURS, ENTRY]);
    expect(preloaded('--inspect', '-C', 'dev')).toEqual(['node', ...OURS, '--inspect', '-C', 'dev', ENTRY]);
  });

  test.each(Object.entries(NAMES))('an --import of ours goes: %s', (_name, specifier) => {
    expect(preloaded('--import', specifier)).toEqual(['node', ...OURS, ENTRY]);
    expect(preloaded(`--import=${specifier}`)).toEqual(['node', ...OURS, ENTRY]);
  });

  test('every one of ours goes', () => {
    const options = ['--import', REGISTER, '--trace-warnings', '--import=evenkeel/register'];
    expect(preloaded(...options)).toEqual(['node', ...OURS, '--trace-warnings', ENTRY]);
  });

  test('other imports stay, in order', () => {
    const options = [
      '--import=./a.js',
      '--import',
      'evenkeel/register',
      '--import',
      'some-package/register',
      '--require=./b.js',
      '--import',
      './no-such-file.js',
      '--import=data:text/javascript,0',
      '--import=https://example.com/register.js',
    ];
    const others = options.filter((_, i) => i !== 1 && i !== 2);
    expect(preloaded(...options)).toEqual(['node', ...OURS, ...others, ENTRY]);
  });

  test('an option that only begins like --import stays', () => {
    expect(preloaded('--import-attributes', REGISTER)).toContain(REGISTER);
    expect(preloaded('--imports=evenkeel/register')).toContain('--imports=evenkeel/register');
  });

  test('--import with nothing after it stays: Node shall complain of it', () => {
    expect(withPreload(['node', '--import'], undefined)).toEqual(['node', ...OURS, '--import']);
  });

  test("the application's arguments are its own", () => {
    const own = ['--import', 'evenkeel/register', `--import=${REGISTER}`, ENTRY, '--', ''];
    const args = ['node', '--import', 'evenkeel/register', ENTRY, ...own];
    expect(withPreload(args, ENTRY)).toEqual(['node', ...OURS, ENTRY, ...own]);
  });

  test('no entry (node -e): all are options', () => {
    const args = ['node', '--import=evenkeel/register', '-e', '0'];
    expect(withPreload(args, undefined)).toEqual(['node', ...OURS, '-e', '0']);
  });

  test('what is given is left as it was', () => {
    const args = Object.freeze(['node', '--import', 'evenkeel/register', ENTRY]);
    expect(() => withPreload(args, ENTRY)).not.toThrow();
  });
});

describe('NODE_OPTIONS', () => {
  const REQUIRE = `--require ${REGISTER}`;

  test.each(Object.entries(NAMES))('an --import of ours becomes a --require: %s', (_name, specifier) => {
    expect(requireInstead(`--import ${specifier}`)).toBe(REQUIRE);
    expect(requireInstead(`--import=${specifier}`)).toBe(REQUIRE);
    expect(requireInstead(`--import "${specifier}"`)).toBe(REQUIRE);
    expect(requireInstead(`"--import=${specifier}"`)).toBe(REQUIRE);
  });

  test.each([
    '',
    '   ',
    '--trace-warnings   --import  ./other.js',
    '--require "/a \\"b\\"/c.js"',
    '--import "unterminated',
  ])('without one of ours it is left to the byte: %o', (options) => {
    expect(requireInstead(options)).toBe(options);
  });

  test('the others stay, in order', () => {
    expect(requireInstead('--import ./a.js --import=evenkeel/register  --no-warnings --import b')).toBe(
      `${REQUIRE} --import ./a.js --no-warnings --import b`,
    );
  });

  test('quotes and escapes are as needed', () => {
    const options = String.raw`--require "/a b/\"c\".js" --title=x\y "--import" evenkeel/register`;
    const expected = String.raw`--require "/a b/\"c\".js" "--title=x\\y"`;
    expect(requireInstead(options)).toBe(`${REQUIRE} ${expected}`);
  });

  // What counts is what Node makes of it: it says which modules it loaded.
  describe('as Node reads it', () => {
    const odd = path.join(folder, String.raw`a b "c\d`);
    mkdirSync(odd);
    for (const name of ['1', '2']) {
      writeFileSync(path.join(odd, `${name}.cjs`), `(globalThis.loaded ??= []).push('${name}');`);
    }
    const escaped = odd.replace(/["\\]/g, '\\$&');

    function loadedWith(options: string): string {
      const env = { ...process.env, NODE_OPTIONS: options };
      const script = 'console.log([globalThis[Symbol.for("evenkeel.register")], ...loaded].join())';
      return execFileSync(NODE, ['-e', script], { env, encoding: 'utf8', stdio: 'pipe' }).trim();
    }

    test('a quoted word', () => {
      const options = `--require "${escaped}/1.cjs" --import=evenkeel/register -r "${escaped}/2.cjs"`;
      expect(loadedWith(requireInstead(options))).toBe('true,1,2');
    });

    test('a quote that begins within a word', () => {
      const options = `--require="${escaped}/1.cjs" --import=evenkeel/register "-r" "${escaped}"/2.cjs`;
      expect(loadedWith(options.replace('--import=evenkeel/register ', ''))).toBe(',1,2');
      expect(loadedWith(requireInstead(options))).toBe('true,1,2');
    });
  });
});
