import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectionsIn } from '../helpers/connections.ts';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { testKeys } from '../helpers/keys.ts';
import { eventually } from '../helpers/requests.ts';

// hand-off: whether the kernel waits for a client's first bytes before it hands out the connection. It gives
// up waiting when it has sent its SYN-ACK once more, after a second.

const open = (file: string, args: string[] = []) =>
  new Fleet([fixture(file), '-w', '2', '-s', 'hand-off', ...args], testKeys());

/** A client that is connected, as far as he knows, and says nothing. */
async function silent(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  return socket;
}

/** ms until the first byte comes. */
async function spoken(socket: net.Socket): Promise<number> {
  const begun = performance.now();
  await once(socket, 'data');
  return performance.now() - begun;
}

async function isDeferred(port: number): Promise<boolean> {
  const socket = await silent(port);
  let spoke = false;
  socket.once('data', () => {
    spoke = true;
  });
  let deferred = false;
  await eventually(() => {
    deferred = connectionsIn('syn-recv', port) > 0;
    return deferred || spoke || connectionsIn('established', port) > 0;
  });
  return deferred;
}

test('by itself: where the protocol has the client speak first', async () => {
  await using fleet = open('every-protocol.mjs');
  await fleet.ready();
  const ports = JSON.parse((await fleet.printed(/^listens /)).slice('listens '.length));
  const found: Record<string, boolean> = {};
  for (const [name, port] of Object.entries(ports)) {
    if (!name.startsWith('ipv6')) found[name] = await isDeferred(port as number);
  }
  expect(found).toEqual({
    http: true,
    https: true,
    http2: false, // nothing but a net.Server, as far as can be told
    http2s: true,
    tls: true,
    speaksFirst: false,
    listensFirst: false,
  });
});

test('a plain TCP server that speaks first is not kept waiting', async () => {
  await using fleet = open('tcp-hello.mjs');
  expect(await spoken(await silent(await fleet.ready()))).toBeLessThan(500);
});

describe('told so', () => {
  test('always: a server that speaks first does when the kernel gives up waiting', async () => {
    await using fleet = open('tcp-hello.mjs', ['--defer-accept', 'true']);
    const port = await fleet.ready();
    const took = await spoken(await silent(port));
    expect(took).toBeGreaterThan(500);
    expect(took).toBeLessThan(5000);
    const socket = await silent(port);
    socket.write('hello yourself');
    expect(await spoken(socket)).toBeLessThan(500);
  });

  test('never: an HTTP server has its silent clients at once', async () => {
    await using fleet = open('http-hello.mjs', ['--defer-accept', 'false']);
    expect(await isDeferred(await fleet.ready())).toBe(false);
  });
});

test.each(['true', 'false'])(
  'headersTimeout ends a client that says nothing, deferAccept %s',
  async (deferAccept) => {
    await using fleet = open('timeouts.mjs', ['--defer-accept', deferAccept]);
    const socket = await silent(await fleet.ready());
    expect(await fleet.printed(/^gave up/)).toBe('gave up ERR_HTTP_REQUEST_TIMEOUT');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 408 /);
    await once(socket.resume(), 'close');
  },
);

test('the fleet stops while clients are connected by their own account: who then asks is answered', async () => {
  await using fleet = open('http-hello.mjs');
  const port = await fleet.ready();
  const sockets = await Promise.all(Array.from({ length: 8 }, () => silent(port)));
  expect(connectionsIn('syn-recv', port)).toBeGreaterThan(0);
  const stopped = fleet.stop();
  await fleet.logged(({ msg }) => msg.includes('draining'));
  const answers = sockets.map(async (socket, i) => {
    await new Promise((resolve) => setTimeout(resolve, i * 120)); // who asks late, up to 0.84 s, while all drains
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    let text = '';
    socket.setEncoding('utf8').on('data', (data: string) => {
      text += data;
    });
    await once(socket, 'close');
    return text.split('\r\n')[0];
  });
  expect(await Promise.all(answers)).toEqual(Array(8).fill('HTTP/1.1 200 OK'));
  expect(await stopped).toEqual({ code: 0, signal: null });
});
