import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ListenSocket } from '../../dist/binding.js';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { newConnections } from '../helpers/load.ts';
import { connect, listen } from '../helpers/native.ts';
import { Reloadable } from '../helpers/reloadable.ts';
import { eventually, get } from '../helpers/requests.ts';
import { ServiceManager } from '../helpers/service-manager.ts';

const ENVIRONMENT = fixture('environment.mjs');

test.each(['path', 'abstract'] as const)(
  'ready, reloading, stopping and status, by a socket with a %s name',
  async (kind) => {
    const manager = await ServiceManager.begin(kind);
    await using fleet = new Reloadable(['-w', '2'], { NOTIFY_SOCKET: manager.address });
    await fleet.ready();
    await manager.hears('READY=1');
    await manager.hears('STATUS=running: 2 of 2 workers ready, generation 1');
    const asked = process.hrtime.bigint() / 1000n;
    await fleet.reload();
    const reloading = await manager.hears(/^RELOADING=1\n/);
    const [, time = ''] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading) ?? [];
    expect(BigInt(time)).toBeGreaterThanOrEqual(asked);
    await eventually(() => manager.heard.filter((one) => one === 'READY=1').length === 2);
    fleet.deploy({ mode: 'crashes' });
    await fleet.reload();
    await manager.hears(/^READY=1\nSTATUS=the reload failed: .*ended before it was ready/);
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
    await manager.hears('STOPPING=1');
    expect(manager.states).toEqual([
      'READY=1',
      'RELOADING=1',
      'READY=1',
      'RELOADING=1',
      'READY=1',
      'STOPPING=1',
    ]);
  },
);

test('nothing of it is in the environment of the workers', async () => {
  const manager = await ServiceManager.begin();
  const env = { NOTIFY_SOCKET: manager.address, WATCHDOG_USEC: '30000000', LISTEN_FDS: '1', LISTEN_PID: '1' };
  await using fleet = new Fleet([ENVIRONMENT, '-w', '1'], env);
  expect(JSON.parse(await get(await fleet.ready()))).toMatchObject({ found: [] });
});

test('a sign of life in time, as long as somebody serves', async () => {
  const manager = await ServiceManager.begin();
  const env = { NOTIFY_SOCKET: manager.address, WATCHDOG_USEC: '100000' };
  await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '1'], env);
  await fleet.ready();
  const signs = (): number => manager.heard.filter((one) => one === 'WATCHDOG=1').length;
  const before = signs();
  await eventually(() => signs() >= before + 5);
});

test('for another process: no sign of life', async () => {
  const manager = await ServiceManager.begin();
  const env = { NOTIFY_SOCKET: manager.address, WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' };
  await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '1'], env);
  await fleet.ready();
  await fleet.stop();
  expect(manager.heard).toContain('STOPPING=1');
  expect(manager.heard).not.toContain('WATCHDOG=1');
});

/** A fleet that was started with these sockets, as systemd does it. */
function activated(sockets: ListenSocket[], args: string[], env: Record<string, string> = {}): Fleet {
  const told = `export LISTEN_PID=$$ LISTEN_FDS=${sockets.length} LISTEN_FDNAMES=web;`;
  return new Fleet(
    args,
    env,
    [],
    told,
    [],
    sockets.map((socket) => socket.fd()),
  );
}

const at = (socket: ListenSocket) => ({
  PORT: String(socket.address().port),
  HOST: socket.address().address,
});

test.each([
  ['auto', 'auto'],
  ['shared-handle', 'none'],
  ['hand-off', 'round-robin'],
])(
  '%s / %s serves on the socket it was given, and the next fleet what waits in it',
  async (strategy, policy) => {
    const socket = listen({ host: '127.0.0.1', family: 4, port: 0 });
    const { port } = socket.address();
    const early = get(port); // before anybody serves
    const args = [ENVIRONMENT, '-w', '2', '-s', strategy, '-p', policy];
    {
      await using fleet = activated([socket], args, at(socket));
      expect(await fleet.ready()).toBe(port);
      expect(JSON.parse(await early)).toMatchObject({ found: [] });
      const load = newConnections(port, 50);
      await eventually(() => load.tally.ok > 20);
      // Nothing is refused while it stops: what it does not serve waits for the next one.
      expect(await fleet.stop()).toEqual({ code: 0, signal: null });
      await using next = activated([socket], args, at(socket));
      await next.ready();
      const { ok, ...failed } = await load.stop();
      expect(failed).toEqual({ refused: 0, reset: 0, empty: 0, hung: 0, other: 0 });
      expect(ok).toBeGreaterThan(20);
      await next.stop();
    }
    // Nor is anything left on the socket: a new handshake still completes.
    await connect(port);
    await eventually(() => socket.queueLength() === 1);
  },
);

test('a socket nobody listens on is said, and one that is no listener; both are closed', async () => {
  const used = listen({ host: '127.0.0.1', family: 4, port: 0 });
  const unused = listen({ host: '127.0.0.1', family: 4, port: 0 });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-fd-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const told = 'exec 5</dev/null; export LISTEN_PID=$$ LISTEN_FDS=3;';
  const fds = [used.fd(), unused.fd()];
  await using fleet = new Fleet([ENVIRONMENT, '-w', '1'], at(used), [], told, [], fds);
  await fleet.ready();
  const { port } = unused.address();
  await fleet.logged(({ msg }) =>
    msg.startsWith(`this process was given a socket on 127.0.0.1:${port}, and no worker listens there`),
  );
  await fleet.logged(({ msg }) => /^descriptor 5 .* is no listening TCP socket: .*ENOTSOCK/.test(msg));
  const { pid } = JSON.parse(await get(used.address().port));
  // The workers are lent what they listen on, and inherit nothing.
  const inode = readlinkSync(`/proc/self/fd/${unused.fd()}`);
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  expect(links).not.toContain(inode);
  expect(links).toContain(readlinkSync(`/proc/self/fd/${used.fd()}`));
});

test('all addresses, by a socket for both families; and a reload on it', async () => {
  const socket = listen({ host: null, port: 0 });
  const { port } = socket.address();
  await using fleet = activated([socket], [ENVIRONMENT, '-w', '2'], { PORT: String(port) });
  expect(await fleet.ready()).toBe(port);
  const load = newConnections(port, 50);
  fleet.process.kill('SIGHUP');
  await fleet.logged(({ msg }) => msg.startsWith('reloaded: '));
  const { ok, ...failed } = await load.stop();
  expect(failed).toEqual({ refused: 0, reset: 0, empty: 0, hung: 0, other: 0 });
  expect(ok).toBeGreaterThan(10);
});

test('reuse-port is refused with the reason', async () => {
  const socket = listen();
  await using fleet = activated([socket], [ENVIRONMENT, '-s', 'reuse-port'], at(socket));
  expect(await fleet.exited).toEqual({ code: 2, signal: null });
  expect(fleet.stderr).toMatch(/reuse-port cannot use the socket this process was given .*ERR_UNSUPPORTED/);
});

test.skipIf(!existsSync('/usr/bin/systemd-socket-activate'))(
  'started by systemd-socket-activate at the first connection',
  async () => {
    const probe = listen();
    const { port } = probe.address();
    probe.close();
    const before = ['systemd-socket-activate', '-l', `127.0.0.1:${port}`, '-E', 'PORT', '-E', 'HOST'];
    const env = { PORT: String(port), HOST: '127.0.0.1' };
    await using fleet = new Fleet([ENVIRONMENT, '-w', '2'], env, [], '', before);
    await eventually(() => connectable(port));
    expect(JSON.parse(await get(port))).toMatchObject({ found: [] });
    expect(await fleet.ready()).toBe(port);
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  },
);

function connectable(port: number): boolean {
  return execFileSync('ss', ['-Hltn', `sport = :${port}`], { encoding: 'utf8' }).trim() !== '';
}
