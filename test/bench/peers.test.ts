import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contestants, EVERYONE, ROUND_ROBIN } from '../../bench/lib/contestants.mjs';
import { hasReusePort } from '../../bench/lib/newer-node.mjs';
import { configuration as haproxyConfiguration } from '../../bench/peers/haproxy.mjs';
import { absent, PEERS } from '../../bench/peers/index.mjs';
import { configuration as nginxConfiguration } from '../../bench/peers/nginx.mjs';
import { onPath, SBIN } from '../../bench/peers/on-path.mjs';
import { ecosystem } from '../../bench/peers/pm2.mjs';

const PATH = process.env.PATH;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-test-peers-'));
});

afterEach(() => {
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true });
});

/** Nothing is looked for on a disk or fetched: those that are probed for a command. */
const commands = PEERS.filter(({ id }) => /^(haproxy|nginx|pm2)\//.test(id));

const proxied = () => ({
  cpus: 3,
  port: 8080,
  policy: 'least-connections',
  sockets: [path.join(folder, '0.sock'), path.join(folder, '1.sock')],
  folder,
});

function lines(text: string): string[] {
  return text.split('\n').map((line) => line.trim());
}

test('every peer has an id of its own, a label, a probe, and takes part by its id', () => {
  expect(new Set(EVERYONE.map(({ id }) => id)).size).toBe(EVERYONE.length);
  for (const peer of PEERS) {
    expect(peer).toMatchObject({
      label: expect.any(String),
      probe: expect.any(Function),
      args: expect.any(Function),
    });
    expect(contestants([peer.id])).toEqual([peer]);
  }
});

test('what is not there is absent, with a reason', () => {
  process.env.PATH = folder;
  expect(onPath('haproxy')).toBeUndefined();
  const missing = { id: 'missing', probe: () => 'is not installed' };
  expect(absent([missing, ROUND_ROBIN])).toEqual([{ id: 'missing', why: 'is not installed' }]);
});

test('what is on PATH is there', () => {
  process.env.PATH = folder;
  for (const name of ['haproxy', 'nginx', 'pm2-runtime', 'pm2']) {
    writeFileSync(path.join(folder, name), '');
    chmodSync(path.join(folder, name), 0o755);
  }
  expect(commands).toHaveLength(5);
  expect(absent(commands)).toEqual([]);
  const pm2 = commands.find(({ id }) => id.startsWith('pm2'));
  expect(pm2.args(3)).toEqual([
    expect.any(String),
    path.join(folder, 'pm2-runtime'),
    path.join(folder, 'pm2'),
    '3',
  ]);
});

test('a file nobody may execute is no command', () => {
  process.env.PATH = folder;
  writeFileSync(path.join(folder, 'haproxy'), '', { mode: 0o644 });
  expect(onPath('haproxy')).toBeUndefined();
});

test.each([
  ['v20.20.2', false],
  ['v22.11.0', false],
  ['v22.12.0', true],
  ['v23.0.0', false],
  ['v23.1.0', true],
  ['v24.0.0', true],
])('%s has reusePort: %s', (version, has) => {
  expect(hasReusePort(version)).toBe(has);
});

test('PM2: as many instances as asked for, in cluster mode, which end by themselves', () => {
  const { apps } = ecosystem(3);
  expect(apps).toHaveLength(1);
  expect(apps[0]).toMatchObject({
    instances: 3,
    exec_mode: 'cluster',
    wait_ready: true,
    env: { GRACEFUL: 'SIGINT' },
  });
});

test('haproxy: a server line for each socket, TLS only with a certificate', () => {
  const plain = lines(haproxyConfiguration(proxied()));
  expect(plain).toContain('balance leastconn');
  expect(plain).toContain('bind :8080');
  expect(plain.filter((line) => line.startsWith('server '))).toEqual([
    `server worker0 unix@${folder}/0.sock`,
    `server worker1 unix@${folder}/1.sock`,
  ]);
  expect(lines(haproxyConfiguration({ ...proxied(), policy: 'round-robin', pem: '/a.pem' }))).toEqual(
    expect.arrayContaining(['balance roundrobin', 'bind :8080 ssl crt /a.pem']),
  );
});

test('nginx: the same, and a user only where root starts it', () => {
  const plain = lines(nginxConfiguration(proxied()));
  expect(plain).toEqual(
    expect.arrayContaining(['worker_processes 3;', 'least_conn;', 'listen 8080;', 'keepalive 64;']),
  );
  expect(plain.filter((line) => line.startsWith('server unix:'))).toHaveLength(2);
  expect(plain.some((line) => line.startsWith('user '))).toBe(false);
  const other = lines(
    nginxConfiguration({ ...proxied(), policy: 'round-robin', pem: '/a.pem', user: 'root' }),
  );
  expect(other).toEqual(
    expect.arrayContaining(['user root;', 'listen 8080 ssl;', 'ssl_certificate /a.pem;']),
  );
  expect(other).not.toContain('least_conn;');
});

const has = (command: string) => onPath(command, SBIN) !== undefined;

test.skipIf(!has('haproxy'))('haproxy itself takes the configuration', () => {
  const file = path.join(folder, 'haproxy.conf');
  writeFileSync(file, haproxyConfiguration(proxied()));
  const { status, stderr } = spawnSync(onPath('haproxy', SBIN), ['-c', '-f', file], { encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
});

test.skipIf(!has('nginx'))('nginx itself takes the configuration', () => {
  const file = path.join(folder, 'nginx.conf');
  writeFileSync(file, nginxConfiguration(proxied()));
  const args = ['-t', '-p', folder, '-c', file, '-e', 'stderr'];
  const { status, stderr } = spawnSync(onPath('nginx', SBIN), args, { encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
});
