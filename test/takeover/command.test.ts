import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { commandOf } from '../../dist/takeover/command.js';

const DIST = fileURLToPath(new URL('../../dist/takeover/command.js', import.meta.url));
const started = {
  execPath: '/usr/bin/node',
  execArgv: ['--enable-source-maps'],
  argv: ['/usr/bin/node', '/srv/releases/1/node_modules/evenkeel/dist/cli/main.js', 'start', 'server.js'],
  directory: '/srv/current',
  realDirectory: '/srv/releases/1',
};

test('the same again: Node, its options, the program, and its arguments', () => {
  expect(commandOf({ ...started, directory: started.realDirectory })).toEqual({
    file: '/usr/bin/node',
    args: ['--enable-source-maps', started.argv[1], 'start', 'server.js'],
    cwd: '/srv/releases/1',
  });
});

test('a directory that was named by a symbolic link is where that leads then, and so is the program in it', () => {
  expect(commandOf(started)).toEqual({
    file: '/usr/bin/node',
    args: [
      '--enable-source-maps',
      '/srv/current/node_modules/evenkeel/dist/cli/main.js',
      'start',
      'server.js',
    ],
    cwd: '/srv/current',
  });
});

test.each(['/usr/lib/node_modules/evenkeel/dist/cli/main.js', '/srv/releases/10/main.js', '/srv/releases/1'])(
  '%s is not in the directory, and stays',
  (main) => expect(commandOf({ ...started, argv: ['node', main] }).args[1]).toBe(main),
);

test('without a program, node -e say, there is none', () => {
  expect(commandOf({ ...started, execArgv: ['-e', 'start()'], argv: ['node'] }).args).toEqual([
    '-e',
    'start()',
  ]);
});

/** What a process in `cwd` says that has this $PWD. */
function directoryOf(cwd: string, PWD?: string): string {
  const program = `import { howStarted } from ${JSON.stringify(DIST)}; console.log(howStarted().directory)`;
  const env = { ...process.env, PWD };
  if (PWD === undefined) delete env.PWD;
  const args = ['--input-type=module', '-e', program];
  return execFileSync(process.execPath, args, { cwd, env, encoding: 'utf8' }).trim();
}

test('$PWD is believed where it names the directory', () => {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'evenkeel-pwd-')));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [one, two, current] = ['1', '2', 'current'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(one);
  mkdirSync(two);
  symlinkSync(one, current);
  expect(directoryOf(one, current)).toBe(current);
  expect(directoryOf(one, one)).toBe(one);
  expect(directoryOf(two, current)).toBe(two); // of the shell that called the one that called chdir()
  expect(directoryOf(two, 'current')).toBe(two);
  expect(directoryOf(two, '/nowhere')).toBe(two);
  expect(directoryOf(two)).toBe(two);
});
