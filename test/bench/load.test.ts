import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { deal, load, processesFor, together } from '../../bench/lib/load.mjs';
import { percentile } from '../../bench/lib/statistics.mjs';
import { eventually } from '../helpers/requests.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n42';
const servers: net.Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that does what `behave` does with each request. */
async function serve(behave: (socket: net.Socket, path: string) => void): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (request) => behave(socket, request.toString().split(' ')[1] ?? ''));
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

const NONE = { ok: 0, refused: 0, reset: 0, timeout: 0, empty: 0, hung: 0, other: 0 };

/** `count` arrivals, a millisecond apart, each with the path of its turn. */
function arrivals(count: number, ...paths: string[]) {
  return Array.from({ length: count }, (_, i) => ({ at: i, path: paths[i % paths.length] }));
}

test('each fate is counted by its kind', async () => {
  const port = await serve((socket, path) => {
    if (path === '/ok') socket.end(ANSWER);
    if (path === '/reset') socket.resetAndDestroy();
    if (path === '/empty') socket.end();
    if (path === '/half') socket.end(ANSWER.slice(0, -1));
    if (path === '/error') socket.end(ANSWER.replace('200', '500'));
  });
  const paths = ['/ok', '/ok', '/reset', '/empty', '/half', '/error', '/never'];
  const results = await load(port, arrivals(70, ...paths), { hungAfter: 500 }).results;
  expect(results.tally()).toEqual({ ...NONE, ok: 20, reset: 10, empty: 20, other: 10, hung: 10 });
  const latencies = results.latencies();
  expect(latencies).toHaveLength(30); // those that were answered, and those that hung
  expect(percentile(latencies, 1)).toBeGreaterThanOrEqual(500);
});

test('nobody listens: refused', async () => {
  const port = await serve(() => {});
  servers.pop()?.close();
  const results = await load(port, arrivals(10, '/')).results;
  expect(results.tally()).toEqual({ ...NONE, refused: 10 });
});

test('latency counts from when the request was due, so a server that stands still delays all who come', async () => {
  const port = await serve((socket, path) => {
    const until = performance.now() + Number(path.slice(1));
    while (performance.now() < until);
    socket.end(ANSWER);
  });
  // One that takes 300 ms, at 0; the others come at 1 to 99 and need no time themselves.
  const list = arrivals(100, '/0').map((one, i) => (i === 0 ? { at: 0, path: '/300' } : one));
  const latencies = (await load(port, list).results).latencies();
  expect(latencies).toHaveLength(100);
  // In order of arrival they waited for 299 ms, 298, …: 200 at least, even if all were sent late.
  expect(percentile(latencies, 0.1)).toBeGreaterThan(190);
});

test('stop: what was sent is awaited, the rest is not sent', async () => {
  let came = 0;
  const port = await serve((socket) => {
    came++;
    setTimeout(() => socket.end(ANSWER), 50);
  });
  const far = { at: 3_600_000, path: '/' };
  const { results, stop } = load(port, [...arrivals(5, '/'), far]);
  await eventually(() => came === 5);
  stop();
  expect((await results).tally()).toEqual({ ...NONE, ok: 5 });
});

test('clients that keep their connections open as many as they are, and another when the server closes one', async () => {
  let connections = 0;
  let requests = 0;
  const server = http.createServer((_, response) => {
    // The fifth answer ends its connection, and the tenth request is cut off.
    requests++;
    if (requests === 5) response.setHeader('Connection', 'close');
    if (requests === 10) response.socket?.destroy();
    else response.end('42');
  });
  server.on('connection', () => connections++);
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  // Far enough apart that each has its answer before its client's turn comes again.
  const list = Array.from({ length: 40 }, (_, i) => ({ at: i * 5, path: '/' }));
  const results = await load(port, list, { keepAlive: 4 }).results;
  expect(results.tally()).toEqual({ ...NONE, ok: 39, empty: 1 });
  expect(connections).toBe(6);
});

test('nobody listens to clients that keep their connections: refused', async () => {
  const port = await serve(() => {});
  servers.pop()?.close();
  const results = await load(port, arrivals(10, '/'), { keepAlive: 2 }).results;
  expect(results.tally()).toEqual({ ...NONE, refused: 10 });
});

test('a client that keeps its connection waits for an answer no longer than the others', async () => {
  const server = http.createServer(() => {});
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const results = await load(port, arrivals(3, '/'), { keepAlive: 3, hungAfter: 200 }).results;
  expect(results.tally()).toEqual({ ...NONE, hung: 3 });
});

test('what is dealt to several comes together again, in its order and kind', () => {
  for (const count of [1, 2, 3, 7]) {
    const list = Array.from({ length: 10 }, (_, i) => i);
    const parts = deal(list, count).map((part: number[]) => ({
      took: Float64Array.from(part),
      fates: Int8Array.from(part),
    }));
    expect(parts).toHaveLength(count);
    expect(together(parts)).toEqual({ took: Float64Array.from(list), fates: Int8Array.from(list) });
  }
});

test('at a rate that is too much for one process, several send, each request once', async () => {
  const asked: string[] = [];
  const port = await serve((socket, path) => {
    asked.push(path);
    socket.end(ANSWER);
  });
  const list = Array.from({ length: 5000 }, (_, i) => ({ at: i * 0.3, path: `/${i}` }));
  expect(processesFor(list, 8)).toBe(4);
  expect(processesFor(list, 2)).toBe(2);
  expect(processesFor(list, 1)).toBe(1);
  expect(processesFor([], 8)).toBe(1);
  const results = await load(port, list, { atMost: 2 }).results;
  expect(results.tally()).toEqual({ ...NONE, ok: 5000 });
  expect(new Set(asked).size).toBe(5000);
  expect(results.lateness()).toHaveLength(5000);
  expect(results.latencies((i: number) => i < 100)).toHaveLength(100);
});

test('stop before the first is due: nothing is sent', async () => {
  const port = await serve((socket) => socket.end(ANSWER));
  const { results, stop } = load(port, [{ at: 3_600_000, path: '/' }]);
  stop();
  expect((await results).tally()).toEqual(NONE);
});
