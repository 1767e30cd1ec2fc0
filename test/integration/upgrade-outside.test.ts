import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { Runtime } from '../helpers/control.ts';
import { freePort } from '../helpers/free-port.ts';
import { testKeys } from '../helpers/keys.ts';
import { NOTHING_LOST, newConnections } from '../helpers/load.ts';
import { listen } from '../helpers/native.ts';
import { openDescriptors } from '../helpers/processes.ts';
import { eventually, get } from '../helpers/requests.ts';
import { program, type Said } from '../helpers/self-upgrading.ts';
import { type Notice, ServiceManager } from '../helpers/service-manager.ts';
import { Upgradable } from '../helpers/upgradable.ts';

// What others see of an upgrade: who asks for metrics, systemd, a deployment, a client that was here before.

function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'evenkeel-upgrade-')));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('metrics, probes and the agent check are where they were; the size is what it was scaled to', async () => {
  const [metrics, agentCheck] = [await freePort(), await freePort()];
  const runtime = new Runtime();
  const args = ['-w', '1', '--metrics', String(metrics), '--agent-check', String(agentCheck)];
  await using fleet = new Upgradable(runtime, args);
  await fleet.ready();
  await runtime.json('scale', '2', '--name', fleet.name);
  expect((await fleet.upgrade()).code).toBe(0);
  const { pid, size, generation } = await fleet.status();
  expect({ pid, size, generation }).toEqual({ pid: fleet.successors[0], size: 2, generation: 2 });
  expect(JSON.parse(await get(metrics, '/readyz'))).toMatchObject({ ok: true });
  expect(await get(metrics, '/metrics')).toContain('evenkeel_workers{state="ready"} 2');
  expect(await said(agentCheck)).toMatch(/up/);
  // It is the size of those that come later, too: what was asked for is not the flag any more.
  expect((await fleet.upgrade()).code).toBe(0);
  expect(await fleet.status()).toMatchObject({ size: 2, generation: 3 });
  await fleet.stopAll();
});

async function said(port: number): Promise<string> {
  const { stdout } = spawn('curl', ['-s', `telnet://127.0.0.1:${port}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  for await (const chunk of stdout) text += chunk;
  return text;
}

test('a service: the new process is the main one, and speaks for it when it serves', async () => {
  const manager = await ServiceManager.begin();
  const env = { NOTIFY_SOCKET: manager.address, WATCHDOG_USEC: '200000' };
  await using fleet = new Upgradable(new Runtime(), ['-w', '1'], env);
  await fleet.ready();
  await manager.hears('READY=1');
  expect((await fleet.upgrade()).code).toBe(0);
  const [first, second] = [fleet.process.pid as number, fleet.successors[0] as number];
  await eventually(() => fleet.process.exitCode === 0);
  const isSign = ({ pid, text }: Notice) => pid === second && text === 'WATCHDOG=1';
  const signs = manager.notices.filter(isSign).length;
  await eventually(() => manager.notices.filter(isSign).length >= signs + 3);
  await fleet.stopAll();
  await manager.hears('STOPPING=1');
  const states = manager.notices.filter(({ text }) => /^(READY|MAINPID|STOPPING)=/.test(text));
  expect(states).toEqual([
    { pid: first, text: 'READY=1' },
    { pid: first, text: `MAINPID=${second}` },
    { pid: second, text: 'READY=1' },
    { pid: second, text: 'STOPPING=1' },
  ]);
});

test('an upgrade that fails is nothing a service manager hears of', async () => {
  const manager = await ServiceManager.begin();
  await using fleet = new Upgradable(new Runtime(), ['-w', '1'], { NOTIFY_SOCKET: manager.address });
  await fleet.ready();
  fleet.deploy({ mode: 'crashes' });
  expect((await fleet.upgrade()).code).toBe(1);
  await fleet.stop();
  await manager.hears('STOPPING=1');
  expect(manager.states).toEqual(['READY=1', 'STOPPING=1']);
});

test('sockets that systemd gave are the next process’s, and are still not ours to end', async () => {
  const socket = listen({ host: '127.0.0.1', family: 4, port: 0 });
  const { port } = socket.address();
  const unused = listen({ host: '127.0.0.1', family: 4, port: 0 });
  const before = ['sh', '-c', 'export LISTEN_PID=$$ LISTEN_FDS=2; exec "$@"', 'sh'];
  const fds = [socket.fd(), unused.fd()];
  await using fleet = new Upgradable(
    new Runtime(),
    ['-w', '1'],
    {},
    { listenOn: [port], host: '127.0.0.1' },
    before,
    fds,
  );
  await fleet.ready();
  const load = newConnections(port, 100);
  for (let i = 0; i < 2; i++) expect((await fleet.upgrade()).code).toBe(0);
  expect(await load.stop()).toMatchObject(NOTHING_LOST);
  // What no worker listens on is handed on, too.
  const told = fleet.log.filter(({ msg }) =>
    msg.includes(`given a socket on 127.0.0.1:${unused.address().port}`),
  );
  expect(told).toHaveLength(3);
  await fleet.stopAll();
  const waiting = get(port); // it is open for who comes next
  await eventually(() => socket.queueLength() === 1);
  socket.close();
  await expect(waiting).rejects.toThrow();
});

test('a deployment is a symbolic link that is set anew: the next process is in what it is then', async () => {
  const folder = temporaryFolder();
  const [one, two, current] = ['1', '2', 'current'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(one);
  mkdirSync(two);
  symlinkSync(one, current);
  const before = ['sh', '-c', 'cd "$0" && exec "$@"', current];
  await using fleet = new Upgradable(new Runtime(), ['-w', '1'], {}, {}, before);
  const port = await fleet.ready();
  const where = async () => JSON.parse(await get(port)).cwd;
  expect(await where()).toBe(one);
  rmSync(current);
  symlinkSync(two, current);
  expect((await fleet.upgrade()).code).toBe(0);
  await eventually(async () => (await where()) === two);
  await fleet.stopAll();
});

test('a TLS session of the old workers is resumed by the new ones', async () => {
  await using fleet = new Upgradable(new Runtime(), ['-w', '2'], { PROTOCOL: 'https', ...testKeys() });
  const port = await fleet.ready();
  const connect = async (session?: Buffer) => {
    const socket = tls.connect({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      session,
      maxVersion: 'TLSv1.2',
    });
    await once(socket, 'secureConnect');
    const isReused = socket.isSessionReused();
    const found = socket.getSession();
    socket.destroy();
    return { isReused, session: found };
  };
  const { session } = await connect();
  for (let i = 0; i < 2; i++) {
    expect((await fleet.upgrade()).code).toBe(0);
    for (let j = 0; j < 4; j++) expect((await connect(session)).isReused).toBe(true);
  }
  await fleet.stopAll();
});

test('ten times: no descriptor comes to stay', async () => {
  await using fleet = new Upgradable(new Runtime(), ['-w', '1', '-s', 'reuse-port']);
  const port = await fleet.ready();
  const counts: number[] = [];
  for (let i = 0; i < 10; i++) {
    expect((await fleet.upgrade()).code).toBe(0);
    await get(port);
    counts.push(openDescriptors(fleet.successors.at(-1) as number));
  }
  expect(Math.max(...counts.slice(1))).toBeLessThanOrEqual((counts[1] as number) + 1);
  await fleet.stopAll();
});

test.each([
  ['node:cluster itself', { EVENKEEL_ADDON: '/nowhere.node' }, {}, [], /node:cluster itself serves/],
  [
    'a Unix socket',
    {},
    { listenOn: [0, path.join(os.tmpdir(), `evenkeel-${process.pid}.sock`)] },
    [],
    /\.sock, which is no TCP port/,
  ],
  ['process 1', {}, {}, ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'], /this is process 1/],
] as const)('%s: refused, said why, and nothing happens', async (_name, env, version, before, why) => {
  await using fleet = new Upgradable(
    new Runtime(),
    ['-w', '1'],
    env,
    { ...version, listenOn: [...(version.listenOn ?? [0])] },
    before,
  );
  const port = await fleet.ready();
  const { code, stderr } = await fleet.upgrade();
  expect(code).toBe(2);
  expect(stderr).toMatch(why);
  expect(stderr).toMatch(/A reload replaces the workers\. \[ERR_UNSUPPORTED\]/);
  expect(fleet.successors).toEqual([]);
  await get(port);
  await fleet.stopAll();
});

test('a program that upgrades its own fleet', async () => {
  const { child, closed, says, lines, port } = await program({});
  child.kill('SIGWINCH');
  const { result } = await says((line) => 'result' in line);
  const { pid } = await says((line) => line.generation === 2);
  expect(result).toEqual({ pid, workers: 1 });
  await get(port);
  await eventually(() => child.exitCode === 0);
  const old = lines.filter((line) => line.pid === child.pid).map((line) => Object.entries(line)[1]);
  expect(old.slice(1)).toEqual(
    expect.arrayContaining([
      ['published', pid],
      ['upgraded', pid],
      ['result', result],
      ['stopped', true],
    ]),
  );
  process.kill(pid, 'SIGTERM');
  await closed;
});

test('a port that is not to be had then is said, and everything else served', async () => {
  const { child, closed, says, configure, port } = await program({});
  configure({ metrics: port, agentCheck: await freePort() });
  child.kill('SIGWINCH');
  await says((line) => 'result' in line);
  const { logged, pid } = await says((line) => 'logged' in line);
  expect(logged).toMatch(/^cannot serve metrics and probes: .*EADDRINUSE/);
  await get(port);
  process.kill(pid, 'SIGTERM');
  await closed;
});

test('another strategy that cannot use the sockets is refused by the new process, and the old one goes on', async () => {
  const { child, says, configure, port } = await program({ strategy: 'reuse-port' });
  configure({ strategy: 'hand-off' });
  child.kill('SIGWINCH');
  const { error } = await says((line) => 'error' in line);
  expect(error).toEqual({
    code: 'ERR_UPGRADE_FAILED',
    message: expect.stringMatching(
      /by strategy reuse-port cannot be used by hand-off: stop the fleet, and start it anew/,
    ),
  });
  expect(await says((line) => 'failed' in line)).toMatchObject({ failed: 'ERR_UPGRADE_FAILED' });
  await get(port);
});

test('between hand-off and shared-handle there is a way', async () => {
  const { child, closed, says, configure, port } = await program({ strategy: 'hand-off' });
  configure({ strategy: 'shared-handle' });
  const load = newConnections(port, 100);
  child.kill('SIGWINCH');
  const { result } = await says((line) => 'result' in line);
  expect(await load.stop()).toMatchObject(NOTHING_LOST);
  process.kill((result as Said).pid, 'SIGTERM');
  await closed;
});
