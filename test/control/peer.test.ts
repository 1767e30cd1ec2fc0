import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, openSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { binding } from '../../dist/binding.js';
import { socketPath } from '../../dist/control/path.js';
import { descriptorOf, peerCheck } from '../../dist/control/peer.js';
import { NODE } from '../helpers/fleet.ts';
import { thrown } from '../helpers/thrown.ts';
import { isolate, makeFleet, serve } from './helpers.ts';

const place = isolate();
afterAll(() => place.remove());

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

function whyNotNobody(): string | undefined {
  if (process.geteuid?.() !== 0) return 'only root can be somebody else';
  const { status, error, stderr } = spawnSync(NOBODY[0] as string, [...NOBODY.slice(1), NODE, '-e', '0'], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : (error?.message ?? stderr);
}

async function pair(where: string | number): Promise<{ here: net.Socket; there: net.Socket }> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(where, () => resolve()));
  const address = server.address();
  const there = net.connect(
    typeof address === 'string' ? { path: address } : { port: address?.port ?? 0, host: '127.0.0.1' },
  );
  const here = await new Promise<net.Socket>((resolve) => server.on('connection', resolve));
  onTestFinished(() => {
    there.destroy();
    here.destroy();
    server.close();
  });
  return { here, there };
}

describe('peerUid()', () => {
  test('of this process it is its own', async () => {
    const { here } = await pair(path.join(place.folder, 'own'));
    expect(binding().peerUid?.(descriptorOf(here) as number)).toBe(process.geteuid?.());
    expect(peerCheck()(here)).toBe(true);
  });

  test('there is none of TCP, of a socket that is closed, or of no socket: they do not pass', async () => {
    const peerUid = binding().peerUid as (fd: unknown) => number;
    const { here } = await pair(0);
    expect(thrown(() => peerUid(descriptorOf(here))).code).toBe('ENOTCONN');
    expect(peerCheck()(here)).toBe(false);
    here.destroy();
    expect(descriptorOf(here)).toBeUndefined();
    expect(peerCheck()(here)).toBe(false);
    expect(thrown(() => peerUid(-1)).code).toBe('EBADF');
    const file = openSync('/dev/null', 'r');
    onTestFinished(() => closeSync(file));
    expect(thrown(() => peerUid(file)).code).toBe('ENOTSOCK');
    expect(thrown(() => peerUid('0'))).toBeInstanceOf(TypeError);
  });
});

const obstacle = whyNotNobody();
if (obstacle !== undefined) console.warn(`SKIPPED: another user at the control socket (${obstacle})`);

describe.skipIf(obstacle !== undefined)('another user', () => {
  const SCRIPT = `
    const socket = require('net').connect(process.argv[1], () =>
      socket.write('{"v":1,"id":1,"command":"stop"}\\n'));
    let said = '';
    socket.on('data', (data) => (said += data)).on('error', ({ code }) => (said += code));
    socket.on('close', () => console.log('said: ' + said));`;

  function asNobody(where: string): Promise<string> {
    const child = spawnAsync([...NOBODY, NODE, '-e', SCRIPT, where]);
    return child;
  }

  test('does not get as far as the socket', async () => {
    const fleet = makeFleet();
    const server = await serve(fleet, 'closed');
    onTestFinished(() => server.close());
    chmodSync(place.folder, 0o755);
    expect(await asNobody(socketPath('closed'))).toBe('said: EACCES');
  });

  test('is sent away from it where the directory lets it through', async () => {
    const fleet = makeFleet();
    const server = await serve(fleet, 'open');
    onTestFinished(() => server.close());
    const where = socketPath('open');
    onTestFinished(() => chmodSync(path.dirname(where), 0o700));
    chmodSync(place.folder, 0o755);
    chmodSync(path.dirname(where), 0o755);
    chmodSync(where, 0o666);
    expect(await asNobody(where)).toMatch(/^said: (EPIPE|ECONNRESET)?$/);
    expect(fleet.told).toEqual([]);
  });
});

/** Not spawnSync: the server is in this process. */
async function spawnAsync([file, ...args]: string[]): Promise<string> {
  const { execFile } = await import('node:child_process');
  return new Promise((resolve, reject) =>
    execFile(file as string, args, { timeout: 20_000 }, (error, stdout) =>
      error === null ? resolve(stdout.trim()) : reject(error),
    ),
  );
}
