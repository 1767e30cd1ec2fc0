import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { atMost, HttpEndpoint, type Reply } from '../../dist/health/http-endpoint.js';
import { connect } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

const errors: string[] = [];
const log = { debug() {}, info() {}, warn() {}, error: (_facts: object, text: string) => errors.push(text) };
const hello: Reply = { status: 200, type: 'text/plain', body: 'hello' };

async function serving(routes: [string, () => Reply | Promise<Reply>][] = []): Promise<number> {
  const endpoint = new HttpEndpoint(new Map([['/hello', () => hello], ...routes]), log);
  onTestFinished(() => endpoint.close());
  return (await endpoint.listen({ host: '127.0.0.1', port: 0 })).port;
}

async function ask(port: number, path: string, method = 'GET', headers = {}, body?: Buffer) {
  const request = http.request({ port, path, method, headers, agent: false });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

test('GET, HEAD, and nothing else', async () => {
  const port = await serving();
  expect(await ask(port, '/hello?verbose')).toMatchObject({ status: 200, text: 'hello' });
  const head = await ask(port, '/hello', 'HEAD');
  expect(head).toMatchObject({ status: 200, text: '', headers: { 'content-length': '5' } });
  const post = await ask(port, '/hello', 'POST', {}, Buffer.alloc(10));
  expect(post).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD', connection: 'close' } });
  expect(await ask(port, '/nowhere')).toMatchObject({ status: 404, text: 'one of /hello\n' });
  expect(await ask(port, '/__proto__')).toMatchObject({ status: 404 });
});

test('of a route that takes its time so many wait, and others are told so; the other routes go on', async () => {
  let finish: (reply: Reply) => void = () => {};
  const slow = new Promise<Reply>((resolve) => {
    finish = resolve;
  });
  const port = await serving([['/slow', atMost(16, () => slow)]]);
  let refused = 0;
  const waiting = Array.from({ length: 40 }, async () => {
    const { status } = await ask(port, '/slow');
    if (status === 503) refused++;
    return status;
  });
  await eventually(() => refused === 24);
  expect(await ask(port, '/hello')).toMatchObject({ status: 200 });
  finish(hello);
  const all = await Promise.all(waiting);
  expect(all.filter((status) => status === 200)).toHaveLength(16);
  expect(await ask(port, '/slow')).toMatchObject({ status: 200 });
});

test('headers of more than a few kilobytes are refused', async () => {
  const port = await serving();
  expect(await ask(port, '/hello', 'GET', { 'X-Long': 'x'.repeat(5000) })).toMatchObject({ status: 431 });
});

test('what a route throws is a 500, and said', async () => {
  const port = await serving([['/broken', () => Promise.reject(new Error('out of order'))]]);
  expect(await ask(port, '/broken')).toMatchObject({ status: 500, text: 'out of order\n' });
  expect(errors).toEqual(['metrics and probes: out of order']);
});

test('who holds connections open and says nothing keeps nobody out', async () => {
  const port = await serving();
  const sockets = await Promise.all(Array.from({ length: 300 }, () => connect(port)));
  sockets.forEach((socket, i) => {
    socket.on('error', () => {}); // reset: it had to make room
    if (i % 2 === 0) socket.write('GET /hel');
  });
  for (let i = 0; i < 20; i++) expect(await ask(port, '/hello')).toMatchObject({ status: 200 });
  await Promise.all(sockets.slice(0, 230).map((socket) => socket.closed || once(socket.resume(), 'close')));
});

test('a request that does not end within seconds is ended', async () => {
  const port = await serving();
  const socket = await connect(port);
  const trickle = setInterval(() => socket.write('X-A: b\r\n'), 200);
  onTestFinished(() => clearInterval(trickle));
  socket.on('error', () => {});
  socket.write('GET /hello HTTP/1.1\r\nHost: a\r\n');
  const begun = performance.now();
  await once(socket.resume(), 'close');
  expect(performance.now() - begun).toBeGreaterThan(3000);
}, 15_000);

test('a port in use is refused with the reason', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => {
    taken.close();
  });
  const endpoint = new HttpEndpoint(new Map(), log);
  const { port } = taken.address() as net.AddressInfo;
  await expect(endpoint.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
