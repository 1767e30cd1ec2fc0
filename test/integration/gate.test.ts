import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { freePort } from '../helpers/free-port.ts';
import { testKeys } from '../helpers/keys.ts';
import { newConnections } from '../helpers/load.ts';
import { eventually, get, nextWorker } from '../helpers/requests.ts';
import { slotsOf } from '../helpers/table.ts';

// The gated shared listener in real processes. How evenly it spreads: gate-balance.test.ts.

const keys = testKeys();
const open = (file: string, workers: number, env = {}, limits = '') =>
  new Fleet([fixture(file), '-w', String(workers), '-s', 'shared-handle'], { ...keys, ...env }, [], limits);

async function listensOn<T>(fleet: Fleet): Promise<T> {
  await fleet.ready();
  return JSON.parse((await fleet.printed(/^listens /)).slice('listens '.length));
}

async function readAll(socket: net.Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (data: string) => {
    text += data;
  });
  await once(socket, 'close');
  return text;
}

async function overHttp2(url: string): Promise<string> {
  const session = http2.connect(url, { rejectUnauthorized: false });
  const stream = session.request({ ':path': '/' });
  let text = '';
  for await (const data of stream.setEncoding('utf8')) text += data;
  session.close();
  return text;
}

async function overHttps(port: number): Promise<string> {
  const request = https.get({ port, host: '127.0.0.1', agent: false, rejectUnauthorized: false });
  const [response] = await once(request, 'response');
  let text = '';
  for await (const data of response.setEncoding('utf8')) text += data;
  return text;
}

const CLIENTS: Record<string, (port: number) => Promise<string>> = {
  http: (port) => get(port),
  https: overHttps,
  http2: (port) => overHttp2(`http://127.0.0.1:${port}`),
  http2s: (port) => overHttp2(`https://127.0.0.1:${port}`),
  tls: (port) => readAll(tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })),
  speaksFirst: (port) => readAll(net.connect(port, '127.0.0.1')),
  listensFirst: (port) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.write('hello');
    return readAll(socket);
  },
  ipv6: (port) => readAll(net.connect(port, '::1')),
  ipv6Only: (port) => readAll(net.connect(port, '::1')),
};

describe.each([
  ['as ever', {}],
  ["with libuv's io_uring", { UV_USE_IO_URING: '1' }],
])('every protocol, each on a port of its own, %s', (_name, env) => {
  test('all at once and one after another: every connection is served, by every worker', async () => {
    await using fleet = open('every-protocol.mjs', 2, env);
    const ports = await listensOn<Record<string, number>>(fleet);
    expect(Object.keys(ports)).toEqual(Object.keys(CLIENTS));
    for (const [name, client] of Object.entries(CLIENTS)) {
      const port = ports[name] as number;
      const atOnce = await Promise.all(Array.from({ length: 20 }, () => client(port)));
      const pids = new Set(atOnce);
      const workers = slotsOf(fleet.process.pid as number).map(({ pid }) => String(pid));
      for (let i = 0; i < 20 || (pids.size < workers.length && i < 500); i++) pids.add(await client(port));
      expect([...pids].sort(), name).toEqual(workers.sort());
    }
    const slots = slotsOf(fleet.process.pid as number);
    expect(slots.map(({ shares }) => shares)).toEqual([0b111111111, 0b111111111]);
    expect(fleet.stderr).toBe('');
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  });
});

test('a 33rd listener has no gate: it is shared plainly, and that is said', async () => {
  await using fleet = open('more-ports-than-gates.mjs', 2);
  const ports = await listensOn<number[]>(fleet);
  for (const port of ports) {
    const answers = await Promise.all(Array.from({ length: 4 }, () => get(port)));
    expect(answers.every((answer) => Number(answer) > 0)).toBe(true);
  }
  const said = fleet.log.filter(({ msg }) => msg.includes('is shared without a gate'));
  expect(said.map(({ port }) => port)).toEqual(ports.slice(32));
  // The other worker may still be at it.
  await eventually(() => slotsOf(fleet.process.pid as number).every(({ shares }) => shares === 2 ** 32 - 1));
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
});

test('a worker that closes and listens again, over and over: nobody is lost', async () => {
  const port = await freePort();
  await using fleet = open('listens-again.mjs', 3, { PORT: String(port) });
  await fleet.ready();
  const load = newConnections(port, 200);
  await fleet.printed(/^again 40$/);
  const { ok, ...failures } = await load.stop();
  expect(failures).toEqual({ refused: 0, reset: 0, empty: 0, hung: 0, other: 0 });
  expect(ok).toBeGreaterThan(100);
  expect(fleet.output.filter((line) => line.startsWith('error'))).toEqual([]);
});

test('worker_threads in a worker, whose servers are their own', async () => {
  await using fleet = open('worker-threads.mjs', 2);
  const port = await fleet.ready();
  const answers = await Promise.all(Array.from({ length: 8 }, () => get(port)));
  expect(answers).toEqual(Array(8).fill('thread'));
  expect(fleet.stderr).toBe('');
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
});

test('maxConnections: the full leave it to the others; when all are full it is dropped, and said', async () => {
  await using fleet = open('max-connections.mjs', 3);
  const port = await fleet.ready();
  const sockets: net.Socket[] = [];
  const connect = () =>
    new Promise<string>((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      sockets.push(socket);
      socket.once('data', (text) => resolve(String(text)));
      socket.once('close', () => resolve('dropped'));
      socket.on('error', () => {});
    });
  const kept = [await connect(), await connect(), await connect()];
  expect(new Set(kept).size).toBe(3);
  expect(kept.every((text) => text.startsWith('kept '))).toBe(true);
  for (let i = 0; i < 5; i++) expect(await connect()).toBe('dropped');
  await eventually(() => fleet.output.filter((line) => /^drop \d+$/.test(line)).length === 5);

  const [first] = kept as [string];
  sockets[0]?.destroy(); // its worker has room again
  const pid = Number(first.slice('kept '.length));
  await eventually(() =>
    slotsOf(fleet.process.pid as number).some((slot) => slot.pid === pid && slot.shares === 1),
  );
  expect(await connect()).toBe(first);
  for (const socket of sockets) socket.destroy();
});

test('workers killed at random under load: every slot is of a live worker, or free and empty', async () => {
  await using fleet = open('http-hello.mjs', 4);
  const port = await fleet.ready();
  const primary = fleet.process.pid as number;
  const load = newConnections(port, 300);
  const dead = new Set<number>();
  for (let kill = 0; kill < 8; kill++) {
    const { pid } = await nextWorker(port).catch(() => nextWorker(port));
    process.kill(pid, 'SIGKILL');
    dead.add(pid);
    await fleet.logged(({ msg, pid: died }) => died === pid && msg.includes('killed by SIGKILL'));
    for (const slot of slotsOf(primary)) {
      expect(dead.has(slot.pid)).toBe(false);
      if (slot.pid === 0) expect({ ...slot, state: 0 }).toMatchObject({ shares: 0, open: 0, active: 0 });
    }
  }
  const { refused, hung, other } = await load.stop();
  expect({ refused, hung, other }).toEqual({ refused: 0, hung: 0, other: 0 });
  await eventually(() => slotsOf(primary).every(({ shares, active }) => shares === 1 && active === 0));
});
