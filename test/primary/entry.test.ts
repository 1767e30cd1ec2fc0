import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { resolveEntry } from '../../dist/primary/entry.js';
import { refusal } from '../helpers/thrown.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-entry-'));
const inside = (name: string) => path.join(folder, name);
for (const name of ['app.js', 'app.ts', 'no-extension', 'both', 'both.js', 'module.mjs', '-w', 'a b.cjs']) {
  writeFileSync(inside(name), '');
}
mkdirSync(inside('directory'));
writeFileSync(inside('directory/index.js'), '');
symlinkSync('app.js', inside('link.js'));
symlinkSync('directory', inside('link-to-directory'));
symlinkSync('nowhere', inside('dangling.js'));
symlinkSync('loop.js', inside('loop.js'));
execFileSync('mkfifo', [inside('fifo')]);
afterAll(() => rmSync(folder, { recursive: true }));

describe('a file', () => {
  test.each(['app.js', 'app.ts', 'no-extension', 'module.mjs', '-w', 'a b.cjs', './app.js'])('%s', (name) => {
    expect(resolveEntry(name, folder)).toBe(path.join(folder, name));
  });

  test('from another folder', () => {
    expect(resolveEntry('../app.js', inside('directory'))).toBe(inside('app.js'));
    expect(resolveEntry(inside('app.js'), '/')).toBe(inside('app.js'));
    expect(resolveEntry(path.relative(process.cwd(), inside('app.js')))).toBe(inside('app.js'));
  });

  test('a symbolic link keeps its name: process.argv[1] is what the user wrote', () => {
    expect(resolveEntry('link.js', folder)).toBe(inside('link.js'));
  });
});

describe('its extension left out', () => {
  test('as node does: app is app.js', () => {
    expect(resolveEntry('app', folder)).toBe(inside('app.js'));
    expect(resolveEntry(inside('app'), '/')).toBe(inside('app.js'));
  });

  test('a file of the very name comes first', () => {
    expect(resolveEntry('both', folder)).toBe(inside('both'));
  });

  test('not for ES modules: node would not find it either', () => {
    expect(refusal(() => resolveEntry('module', folder)).code).toBe('ERR_ENTRY_NOT_FOUND');
  });
});

describe('not there', () => {
  test.each(['missing.js', 'missing', 'directory/missing.js', 'dangling.js'])('%s', (name) => {
    const { code, message, isUsage } = refusal(() => resolveEntry(name, folder));
    expect(code).toBe('ERR_ENTRY_NOT_FOUND');
    expect(message).toBe(`cannot run ${name}: no such file (looked for ${inside(name)})`);
    expect(isUsage).toBe(true);
  });

  test.each(['app.js/below-a-file', 'loop.js', `${'long'.repeat(100)}.js`])(
    'what the system says of it is the reason: %s',
    (name) => {
      expect(refusal(() => resolveEntry(name, folder)).code).toBe('ERR_ENTRY_NOT_FOUND');
    },
  );

  test("a package's name is no entry", () => {
    expect(refusal(() => resolveEntry('vitest', folder)).code).toBe('ERR_ENTRY_NOT_FOUND');
    expect(refusal(() => resolveEntry('node:http', folder)).code).toBe('ERR_ENTRY_NOT_FOUND');
  });
});

describe('there, but no file', () => {
  test.each(['directory', 'directory/', '.', 'link-to-directory'])('a directory: %s', (name) => {
    const { code, message, isUsage } = refusal(() => resolveEntry(name, folder));
    expect(code).toBe('ERR_ENTRY_NOT_A_FILE');
    expect(message).toMatch(`cannot run ${name}: it is a directory. Name the file`);
    expect(isUsage).toBe(true);
  });

  const notRegular = /it is not a regular file\. Name the file/;

  test('a fifo: refused, not read', () => {
    const { code, message } = refusal(() => resolveEntry('fifo', folder));
    expect(code).toBe('ERR_ENTRY_NOT_A_FILE');
    expect(message).toMatch(notRegular);
  });

  test('a device', () => {
    const { code, message } = refusal(() => resolveEntry('/dev/null'));
    expect(code).toBe('ERR_ENTRY_NOT_A_FILE');
    expect(message).toMatch(notRegular);
  });

  test('a socket', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(inside('socket'), resolve));
    const { code, message } = refusal(() => resolveEntry('socket', folder));
    server.close();
    expect(code).toBe('ERR_ENTRY_NOT_A_FILE');
    expect(message).toMatch(notRegular);
  });
});
