import net from 'node:net';
import { test as always, describe, expect } from 'vitest';
import {
  addon,
  closing,
  connect,
  connections,
  handshaking,
  LOOPBACK,
  listen,
  talk,
} from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

/** Newer kernels let only who has CAP_NET_ADMIN. */
const isPermitted = (() => {
  const socket = new addon.ListenSocket(LOOPBACK);
  try {
    return socket.retire();
  } finally {
    socket.close();
  }
})();
if (!isPermitted) console.warn('SKIPPED: what retire() does (it takes CAP_NET_ADMIN here)');
const test = always.skipIf(!isPermitted);

describe.each([
  ['IPv4', LOOPBACK, '127.0.0.1'],
  ['IPv6', { host: '::1', family: 6, port: 0 } as const, '::1'],
  ['dual stack, an IPv4 client', { host: null, port: 0 } as const, '127.0.0.1'],
])('retire(): %s', (_name, options, host) => {
  test('who is in the queue is served, who comes later waits, and is refused after close()', async () => {
    const socket = listen(options);
    const { port } = socket.address();
    const early = await connections(10, port, host);
    await eventually(() => socket.queueLength() === 10);

    socket.retire();
    const late = connect(port, host);
    const fate = late.then(
      () => 'connected',
      ({ code }) => code,
    );
    await eventually(() => handshaking(port) === 1);
    for (const client of early) await talk(client, socket.accept());
    expect(socket.accept()).toBe(-1);
    expect(handshaking(port)).toBe(1);

    socket.close();
    expect(await fate).toBe('ECONNREFUSED'); // its second SYN, after a second
    await expect(connect(port, host)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

always('without retire() close() resets who is in the queue: what retire() is there for', async () => {
  const socket = listen();
  const client = await connect(socket.address().port);
  await eventually(() => socket.queueLength() === 1);
  const fate = new Promise((resolve) => client.once('error', ({ message }) => resolve(message)));
  socket.close();
  expect(await fate).toBe('read ECONNRESET');
});

test('connections accepted before and after go on, in both directions, and end as ever', async () => {
  const socket = listen();
  const { port } = socket.address();
  const [first, second] = (await connections(2, port)) as [net.Socket, net.Socket];
  await eventually(() => socket.queueLength() === 2);
  const before = socket.accept();
  socket.retire();
  await talk(first, before);
  await talk(second, socket.accept());
});

test('twice is as once', async () => {
  const socket = listen();
  const { port } = socket.address();
  const client = await connect(port);
  await eventually(() => socket.queueLength() === 1);
  socket.retire();
  socket.retire();
  await talk(client, socket.accept());
});

test('who takes it over from one that stopped has new connections again', async () => {
  const socket = listen();
  const { port } = socket.address();
  socket.retire();
  const late = connect(port, '127.0.0.1');
  await eventually(() => handshaking(port) === 1);
  socket.own(511);
  await talk(await connect(port, '127.0.0.1'), socket.accept());
  await talk(await late, socket.accept()); // its second SYN
  socket.own(511); // without a filter
});

test('a retired member takes its share of the SYNs with it: every member must be retired', async () => {
  const first = listen();
  first.allowReusePort();
  const second = closing(first.member());
  const { port } = first.address();
  first.retire();
  const clients = Array.from({ length: 20 }, () => net.connect(port, '127.0.0.1'));
  await eventually(() => handshaking(port) + second.queueLength() === 20);
  expect(handshaking(port)).toBeGreaterThan(0);
  expect(first.queueLength()).toBe(0);
  for (const client of clients) client.destroy();
  for (let fd = second.accept(); fd >= 0; fd = second.accept()) addon.closeFd(fd);
});
