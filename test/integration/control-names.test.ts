import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { Runtime } from '../helpers/control.ts';
import { Fleet, fixture, NODE } from '../helpers/fleet.ts';
import { get } from '../helpers/requests.ts';

const server = fixture('http-hello.mjs');

test('two fleets of one entry: the second has its process in its name, and which one is meant must be said', async () => {
  const runtime = new Runtime();
  await using first = new Fleet(['-w', '1', server], runtime.env);
  await first.ready();
  await using second = new Fleet(['-w', '1', server], runtime.env);
  const port = await second.ready();
  const name = `http-hello-${second.process.pid}`;
  expect(second.log[0]).toMatchObject({
    fleet: name,
    msg: `a fleet named 'http-hello' runs already: this one is '${name}'`,
  });

  const { code, stderr } = await runtime.cli('stop');
  expect(code).toBe(2);
  expect(stderr).toContain(`several fleets run: http-hello, ${name}. Say which one with --name.`);
  expect(await runtime.json('status', '--name', 'http-hello')).toMatchObject({ pid: first.process.pid });
  expect(await runtime.json('status', '--name', name)).toMatchObject({ pid: second.process.pid });

  expect((await runtime.cli('stop', '--name', 'http-hello')).code).toBe(0);
  await first.exited;
  expect(await runtime.json('status')).toMatchObject({ pid: second.process.pid });
  await get(port);
});

test('a name that was asked for and is taken: refused, and nothing was started', async () => {
  const runtime = new Runtime();
  await using first = new Fleet(['-w', '1', '--name', 'shop', server], runtime.env);
  await first.ready();
  await using second = new Fleet(['-w', '1', '--name', 'shop', server], runtime.env);
  expect(await second.exited).toEqual({ code: 1, signal: null });
  expect(second.stderr).toMatch(/a fleet named 'shop' runs already: .* \[ERR_NAME_TAKEN\]/);
  expect(second.log).toEqual([]);
  expect(await runtime.json('status')).toMatchObject({ pid: first.process.pid });
});

test.each(['a b', '', '../shop'])('--name %j is refused', async (name) => {
  const runtime = new Runtime();
  const { code, stderr } = await runtime.cli('start', '--name', name, server);
  expect(code).toBe(2);
  expect(stderr).toMatch(/a fleet's name is 1 to 64 .* \[ERR_INVALID_OPTION\]/);
});

test('after kill -9 the next fleet has the name', async () => {
  const runtime = new Runtime();
  await using first = new Fleet(['-w', '1', server], runtime.env);
  await first.ready();
  await first.stop('SIGKILL');
  expect(existsSync(runtime.socket('http-hello'))).toBe(true);
  expect((await runtime.cli('status')).stderr).toMatch(/no fleet runs .*\[ERR_NO_FLEET\]/);
  await using second = new Fleet(['-w', '1', server], runtime.env);
  await second.ready();
  expect(await runtime.json('status')).toMatchObject({ name: 'http-hello', pid: second.process.pid });
});

test('many that start at once: each has a name of its own', async () => {
  const runtime = new Runtime();
  const fleets = Array.from({ length: 4 }, () => new Fleet(['-w', '1', server], runtime.env));
  try {
    const announced = fleets.map((fleet) => fleet.logged(({ strategy }) => strategy !== undefined));
    const names = (await Promise.all(announced)).map(({ fleet }) => fleet as string);
    expect(new Set(names).size).toBe(4);
    expect(names).toContain('http-hello');
    for (const [i, name] of names.entries()) {
      expect(await runtime.json('status', '--name', name)).toMatchObject({ pid: fleets[i]?.process.pid });
    }
  } finally {
    for (const fleet of fleets) await fleet[Symbol.asyncDispose]();
  }
});

test('--no-control: no socket, and no word of it', async () => {
  const runtime = new Runtime();
  await using fleet = new Fleet(['-w', '1', '--no-control', server], runtime.env);
  await fleet.ready();
  expect(existsSync(runtime.directory)).toBe(false);
  expect(fleet.log.filter(({ level }) => level > 30)).toEqual([]);
});

test.each([
  [
    'is open to others',
    (directory: string) => {
      mkdirSync(directory);
      chmodSync(directory, 0o777);
    },
    /mode 777/,
  ],
  ['is a file', (directory: string) => writeFileSync(directory, ''), /is no directory/],
])('where the directory %s the fleet runs all the same, and says so', async (_how, make, why) => {
  const runtime = new Runtime();
  make(runtime.directory);
  await using fleet = new Fleet(['-w', '1', server], runtime.env);
  await get(await fleet.ready());
  const [warning] = fleet.log.filter(({ level }) => level > 30);
  expect(warning?.msg).toMatch(/^no control socket, so that evenkeel status .* do not reach this fleet: /);
  expect(warning?.msg).toMatch(why);
  expect((await runtime.cli('status')).stderr).toMatch(/\[ERR_CONTROL_DIRECTORY\]/);
});

test('a directory for it that is not there', async () => {
  const runtime = new Runtime();
  rmSync(runtime.folder, { recursive: true });
  await using fleet = new Fleet(['-w', '1', server], runtime.env);
  await fleet.ready();
  expect(fleet.log.find(({ level }) => level > 30)).toMatchObject({ code: 'ENOENT' });
});

test('start(): control is off by default; asked for it is there, or start() rejects', async () => {
  const runtime = new Runtime();
  const { stdout } = await promisify(execFile)(NODE, [fixture('library/control.mjs')], {
    timeout: 30_000,
    env: { ...process.env, ...runtime.env },
  });
  expect(stdout.trim().split('\n')).toEqual([
    'off: http-hello, sockets: ',
    'true: http-hello, sockets: http-hello.sock',
    "'own': own, sockets: own.sock",
    'entry missing: ERR_ENTRY_NOT_FOUND, sockets: ',
    'bad name: ERR_INVALID_OPTION, sockets: ',
    'open directory: ERR_CONTROL_DIRECTORY, sockets: ',
    'again: own',
  ]);
  expect(readdirSync(runtime.directory)).toEqual([]);
});
