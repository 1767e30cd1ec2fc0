import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  controlDirectory,
  defaultName,
  distinctName,
  nameOfEntry,
  parseName,
  prepareDirectory,
  socketPath,
} from '../../dist/control/path.js';
import { refusal, thrown } from '../helpers/thrown.ts';

const user = { uid: 1000, runtimeDirectory: undefined, temporary: '/tmp' };

describe('where control sockets are', () => {
  test.each([
    [{ ...user, runtimeDirectory: '/run/user/1000' }, '/run/user/1000/evenkeel'],
    [{ ...user, uid: 0, runtimeDirectory: '/run/user/0' }, '/run/user/0/evenkeel'],
    [user, '/tmp/evenkeel-1000'],
    [{ ...user, runtimeDirectory: '' }, '/tmp/evenkeel-1000'],
    [{ ...user, runtimeDirectory: 'relative' }, '/tmp/evenkeel-1000'],
    [{ ...user, uid: 0 }, '/run/evenkeel'],
  ])('%j: %s', (around, directory) => {
    expect(controlDirectory(around)).toBe(directory);
    expect(socketPath('api', around)).toBe(`${directory}/api.sock`);
  });

  test('on Windows a named pipe', () => {
    const windows = { uid: undefined, runtimeDirectory: '/run/user/1000', temporary: 'C:\\Temp' };
    expect(socketPath('api', windows)).toBe('\\\\.\\pipe\\evenkeel-api');
    expect(nameOfEntry('evenkeel-api', windows)).toBe('api');
    expect(nameOfEntry('api.sock', windows)).toBeUndefined();
  });

  test('a path longer than a socket can have is refused, and not cut', () => {
    const deep = { ...user, runtimeDirectory: `/${'x'.repeat(80)}` };
    expect(socketPath('a', deep)).toHaveLength(97);
    const { code, message } = refusal(() => socketPath('a-longer-name', deep));
    expect(code).toBe('ERR_CONTROL_DIRECTORY');
    expect(message).toMatch(/longer than the 103 bytes .*a-longer-name\.sock\. Choose a shorter --name, or /);
  });

  test.each([
    ['api.sock', 'api'],
    ['a.b.sock', 'a.b'],
    ['api.sock.lock', undefined],
    ['api', undefined],
    ['.sock', undefined],
    ['a b.sock', undefined],
  ])('%s is the socket of %s', (entry, name) => {
    expect(nameOfEntry(entry, user)).toBe(name);
  });
});

describe('names', () => {
  test.each(['a', 'api', 'my-api_2.0', '..', '7', 'x'.repeat(64)])('%s', (name) => {
    expect(parseName(name)).toBe(name);
  });

  test.each(['', ' ', 'a b', 'a/b', '../a', 'ä', 'a\n', '\0', 'x'.repeat(65)])('%j is refused', (name) => {
    const { code, message, isUsage } = refusal(() => parseName(name));
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(message).toContain(JSON.stringify(name));
    expect(isUsage).toBe(true);
  });

  test.each([
    ['server.js', 'server'],
    ['./dist/server.min.js', 'server.min'],
    ['/srv/app/main', 'main'],
    ['a server.mjs', 'a-server'],
    [`${'x'.repeat(80)}.js`, 'x'.repeat(64)],
  ])('%s is called %s', (entry, name) => {
    expect(defaultName(entry)).toBe(name);
    expect(parseName(defaultName(entry))).toBe(name);
  });

  test('the second one has its process in its name, however long that is', () => {
    expect(distinctName('server', 4711)).toBe('server-4711');
    expect(parseName(distinctName('x'.repeat(64), 4_194_304))).toMatch(/^x{56}-4194304$/);
  });
});

describe.skipIf(process.geteuid === undefined)('the directory', () => {
  const uid = process.geteuid?.() ?? 0;
  let folder: string;
  const inFolder = (name: string): string => path.join(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-path-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is made for its owner alone, whatever the umask, and is good the next time', () => {
    const before = process.umask(0);
    try {
      prepareDirectory(inFolder('made'), uid);
    } finally {
      process.umask(before);
    }
    expect(statSync(inFolder('made')).mode & 0o777).toBe(0o700);
    prepareDirectory(inFolder('made'), uid);
  });

  test.each([0o777, 0o755, 0o710, 0o701])('of mode %o is refused', (mode) => {
    const name = inFolder(`mode-${mode}`);
    mkdirSync(name);
    chmodSync(name, mode);
    const { code, message } = refusal(() => prepareDirectory(name, uid));
    expect(code).toBe('ERR_CONTROL_DIRECTORY');
    expect(message).toContain(`${name} is open to other users (mode ${mode.toString(8)}). chmod 700 it.`);
  });

  test('that is a link, a file, or somebody else’s is refused', () => {
    mkdirSync(inFolder('real'), { mode: 0o700 });
    symlinkSync(inFolder('real'), inFolder('link'));
    writeFileSync(inFolder('file'), '');
    expect(refusal(() => prepareDirectory(inFolder('link'), uid)).message).toMatch(/is a symbolic link/);
    expect(refusal(() => prepareDirectory(inFolder('file'), uid)).message).toMatch(/is no directory/);
    const other = refusal(() => prepareDirectory(inFolder('real'), uid + 1));
    expect(other.message).toContain(`belongs to user ${uid}`);
  });

  test('whose parent is not there: what the system says', () => {
    expect(thrown(() => prepareDirectory(inFolder('not/there'), uid)).code).toBe('ENOENT');
  });
});
