import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { claimFile, claimPipe } from '../../dist/control/claim.js';
import { Lock } from '../../dist/control/lock.js';
import { prepareDirectory, socketPath } from '../../dist/control/path.js';
import { runningFleets } from '../../dist/control/probe.js';
import type { ControlServer } from '../../dist/control/server.js';
import { NODE } from '../helpers/fleet.ts';
import { isolate, listLog, makeFleet, serve } from './helpers.ts';

const place = isolate();
const directory = path.join(place.folder, 'evenkeel');
const servers: ControlServer[] = [];
let count = 0;
let name: string;

beforeEach(() => {
  prepareDirectory(directory, process.geteuid?.() ?? 0);
  name = `n${++count}`;
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  expect(locks()).toEqual([]);
});
afterAll(() => place.remove());

function locks(): string[] {
  const names = readdirSync(directory).filter((entry) => entry.endsWith('.lock'));
  return names.map((entry) => path.join(directory, entry));
}

async function open(wanted: string | true, log = listLog()): Promise<string> {
  const server = await serve(makeFleet(), wanted, {}, log);
  servers.push(server);
  return server.name;
}

/** As a fleet leaves it that is killed. */
function leaveStale(): string {
  const where = socketPath(name);
  const script = `require('net').createServer().listen(${JSON.stringify(where)}, () => process.kill(process.pid, 'SIGKILL'))`;
  expect(() => execFileSync(NODE, ['-e', script])).toThrow();
  expect(existsSync(where)).toBe(true);
  return where;
}

test('a name that was asked for and is taken is refused, and the other lives on', async () => {
  await open(name);
  await expect(open(name)).rejects.toMatchObject({
    code: 'ERR_NAME_TAKEN',
    message: expect.stringContaining(`evenkeel stop --name ${name}`),
  });
  expect(await runningFleets()).toEqual([name]);
});

test('a name that was not asked for gets the process’s id, and that is said', async () => {
  const log = listLog();
  expect(await open(true)).toBe('server');
  expect(await open(true, log)).toBe(`server-${process.pid}`);
  expect(log.lines).toEqual([
    {
      level: 'info',
      message: `a fleet named 'server' runs already: this one is 'server-${process.pid}'`,
    },
  ]);
  expect(await runningFleets()).toEqual(['server', `server-${process.pid}`]);
});

test('the socket of a fleet that was killed is replaced, and is no fleet before that', async () => {
  leaveStale();
  expect(await runningFleets()).toEqual([]);
  expect(await open(name)).toBe(name);
  expect(await runningFleets()).toEqual([name]);
});

test('a fleet that ends removes its own socket, and not the one of who has its name since', async () => {
  await open(name);
  const [first] = servers.splice(0);
  rmSync(socketPath(name)); // by hand
  await open(name);
  first?.close();
  expect(await runningFleets()).toEqual([name]);
  servers.pop()?.close();
  expect(readdirSync(directory)).toEqual([]);
});

test('a socket that cannot be removed is left, and that is said', async () => {
  const log = listLog();
  await open(name, log);
  const [server] = servers.splice(0);
  const where = socketPath(name);
  // A link to itself: permissions are nothing to root.
  renameSync(directory, `${directory}-aside`);
  symlinkSync('evenkeel', directory);
  server?.close();
  rmSync(directory);
  renameSync(`${directory}-aside`, directory);
  expect(log.lines).toMatchObject([
    { level: 'warn', message: expect.stringMatching(/^control socket: ELOOP/) },
  ]);
  expect(existsSync(where)).toBe(true);
  expect(await runningFleets()).toEqual([]);
  expect(await open(name)).toBe(name);
});

test('a file that is no socket is replaced as well: nobody listens there', async () => {
  writeFileSync(socketPath(name), 'not a socket');
  expect(await open(name)).toBe(name);
});

test('of many that start at once over a stale socket one has the name', async () => {
  const where = leaveStale();
  const all = Array.from({ length: 20 }, () => net.createServer());
  const owned = await Promise.all(all.map(async (server) => Boolean(await claimFile(server, where))));
  expect(owned.filter(Boolean)).toHaveLength(1);
  expect(all.map((server) => server.listening)).toEqual(owned);
  expect(await runningFleets()).toEqual([name]);
  for (const server of all) if (server.listening) server.close();
});

test('the lock of who was killed while it held it is taken after a while', async () => {
  await Lock.acquire(socketPath(name));
  const [lock] = locks() as [string];
  const long = new Date(Date.now() - 60_000);
  utimesSync(lock, long, long);
  expect(await open(name)).toBe(name);
});

test('the lock of who holds it is waited for', async () => {
  const lock = await Lock.acquire(socketPath(name));
  const opened = open(name);
  // Time must pass: it is to do nothing meanwhile.
  expect(await Promise.race([opened, new Promise((resolve) => setTimeout(resolve, 100, 'waits'))])).toBe(
    'waits',
  );
  lock.release();
  expect(await opened).toBe(name);
});

test('the locks of names that begin alike are not mixed up', async () => {
  const lock = await Lock.acquire(socketPath(`${name}.sock.1`));
  expect(await open(name)).toBe(name);
  lock.release();
});

test('who hung until its lock was taken for abandoned looks again, and does not remove what is there since', async () => {
  const where = leaveStale();
  const [late, other] = [net.createServer(), net.createServer()];
  const claimed = claimFile(late, where); // has the lock, and is to be told that nobody listens
  for (const lock of locks()) rmSync(lock);
  expect(await Promise.all([claimFile(other, where), claimed])).toEqual([expect.any(Function), undefined]);
  expect([other.listening, late.listening]).toEqual([true, false]);
  expect(await runningFleets()).toContain(name);
  other.close();
});

/** As on Windows, where everybody's pipes are in one place. */
test.runIf(process.geteuid?.() === 0)('what another user has is taken, and no fleet of ours', async () => {
  await open(name);
  for (const folder of [place.folder, directory]) chmodSync(folder, 0o755);
  const server = net.createServer();
  process.seteuid?.(65534);
  try {
    expect(await claimPipe(server, socketPath(name))).toBeUndefined();
    expect(await runningFleets()).toEqual([]);
  } finally {
    process.seteuid?.(0);
    for (const folder of [place.folder, directory]) chmodSync(folder, 0o700);
  }
  expect(server.listening).toBe(false);
  expect(await runningFleets()).toEqual([name]);
});

test('who connects before the fleet is there is sent away, and harms nothing', async () => {
  const { ControlServer } = await import('../../dist/control/server.js');
  const server = await ControlServer.open({ name, entry: 'server.js', log: listLog() });
  servers.push(server);
  const socket = net.connect(socketPath(name));
  await new Promise((resolve) => socket.on('close', resolve));
});
