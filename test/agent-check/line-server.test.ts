import { once } from 'node:events';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { LineServer } from '../../dist/agent-check/line-server.js';
import { connect } from '../helpers/native.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

async function serving(): Promise<number> {
  let count = 0;
  const server = new LineServer(() => `answer ${++count}`, log);
  onTestFinished(() => server.close());
  return (await server.listen({ host: '127.0.0.1', port: 0 })).port;
}

async function ask(port: number, says = ''): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  if (says !== '') socket.write(says);
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += chunk;
  return text;
}

test('one line a connection, asked for each time, and a close', async () => {
  const port = await serving();
  expect(await ask(port)).toBe('answer 1\n');
  expect(await ask(port)).toBe('answer 2\n');
});

test('what HAProxy says of itself (agent-send) is ignored', async () => {
  const port = await serving();
  expect(await ask(port, 'weight please\n')).toBe('answer 1\n');
});

test('who holds connections open keeps nobody out', async () => {
  const port = await serving();
  const sockets = await Promise.all(
    Array.from({ length: 300 }, async () => {
      const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => {}); // reset: it had to make room
      await once(socket, 'connect');
      return socket;
    }),
  );
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let i = 0; i < 20; i++) expect(await ask(port)).toMatch(/^answer \d+\n$/);
});

test('who talks and talks is cut off', async () => {
  const port = await serving();
  const socket = await connect(port);
  socket.on('error', () => {});
  const chatter = setInterval(() => socket.writable && socket.write('x'.repeat(1000)), 5);
  onTestFinished(() => clearInterval(chatter));
  socket.resume();
  await once(socket, 'close');
});

test('who neither reads nor closes is cut off within seconds', async () => {
  const port = await serving();
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  const begun = performance.now();
  const trickle = setInterval(() => socket.write('x'), 100); // a reset comes when the other end is gone
  onTestFinished(() => clearInterval(trickle));
  await once(socket, 'error');
  expect(performance.now() - begun).toBeGreaterThan(3000);
}, 15_000);

test('a port in use is refused with the reason', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => {
    taken.close();
  });
  const { port } = taken.address() as net.AddressInfo;
  const server = new LineServer(() => '', log);
  await expect(server.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
