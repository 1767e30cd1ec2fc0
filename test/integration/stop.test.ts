import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { connectionsTo } from '../helpers/connections.ts';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { keepAlive, type Load, newConnections } from '../helpers/load.ts';
import { eventually, get, isRunning, nextWorker } from '../helpers/requests.ts';

const HELLO = fixture('http-hello.mjs');

async function answered(load: Load, count: number): Promise<void> {
  await eventually(() => load.tally.ok >= count);
}

describe.each(STRATEGIES)('SIGTERM under load, %s', (strategy) => {
  test('new connections: everyone who got in is answered', async () => {
    await using fleet = new Fleet([HELLO, '-w', '3', '-s', strategy]);
    const load = newConnections(await fleet.ready(), 400);
    await answered(load, 300);
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
    const { reset, empty, hung, other } = await load.stop();
    expect({ reset, empty, hung, other }).toEqual({ reset: 0, empty: 0, hung: 0, other: 0 });
  });

  test('keep-alive: every request is answered, the last one with Connection: close', async () => {
    await using fleet = new Fleet([HELLO, '-w', '3', '-s', strategy]);
    const load = keepAlive(await fleet.ready(), 30);
    await answered(load, 3000);
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
    const { reset, empty, hung, other } = await load.stop();
    expect({ reset, empty, hung, other }).toEqual({ reset: 0, empty: 0, hung: 0, other: 0 });
  });
});

test.each(STRATEGIES)(
  'SIGTERM to the only worker, %s: the port stays open, and the next one serves',
  async (strategy) => {
    await using fleet = new Fleet([HELLO, '-w', '1', '-s', strategy]);
    const port = await fleet.ready();
    const { pid } = JSON.parse(await get(port));
    const load = newConnections(port, 100);
    await answered(load, 20);
    process.kill(pid, 'SIGTERM');
    await fleet.logged(({ msg, pid: ended }) => ended === pid && msg.includes('ended after its drain'));
    await answered(load, load.tally.ok + 50);
    expect(await load.stop()).toMatchObject({ refused: 0, reset: 0, empty: 0, hung: 0, other: 0 });
    expect(JSON.parse(await get(port)).pid).not.toBe(pid);
  },
);

test('a request that is being answered is finished', async () => {
  await using fleet = new Fleet([fixture('slow-answers.mjs'), '-w', '2']);
  const port = await fleet.ready();
  const answer = get(port);
  await eventually(() => connectionsTo(port).length > 0);
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  expect(JSON.parse(await answer)).toMatchObject({ argv: [] });
});

test('an idle keep-alive connection is closed, not waited for', async () => {
  await using fleet = new Fleet([HELLO, '-w', '1', '--kill-timeout', '20000']);
  const port = await fleet.ready();
  const agent = new http.Agent({ keepAlive: true });
  const request = http.get({ port, agent });
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
  const begun = performance.now();
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  expect(performance.now() - begun).toBeLessThan(10_000); // killTimeout is twice that
  agent.destroy();
});

test('a connection that never sends anything does not hold up the end', async () => {
  await using fleet = new Fleet([HELLO, '-w', '1', '--kill-timeout', '20000']);
  const socket = net.connect(await fleet.ready());
  await once(socket, 'connect');
  await nextWorker(await fleet.port()); // so the worker has it, and not only the kernel
  const begun = performance.now();
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  expect(performance.now() - begun).toBeLessThan(10_000);
  socket.destroy();
});

test('what does not end is killed after killTimeout, and said', async () => {
  await using fleet = new Fleet([fixture('holds-connections.mjs'), '-w', '1', '--kill-timeout', '300']);
  const port = await fleet.ready();
  const headers = { Connection: 'Upgrade', Upgrade: 'test' };
  const [, socket] = await once(http.get({ port, headers }), 'upgrade');
  socket.on('error', () => {});
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  expect(fleet.log.map(({ msg }) => msg)).toContainEqual(
    expect.stringMatching(/did not end within 300 ms: killed/),
  );
});

test('a second signal kills; the same one twice at once, by a process group and by npm, does not', async () => {
  await using fleet = new Fleet([fixture('holds-connections.mjs'), '-w', '1']);
  const port = await fleet.ready();
  const headers = { Connection: 'Upgrade', Upgrade: 'test' };
  const [, socket] = await once(http.get({ port, headers }), 'upgrade');
  socket.on('error', () => {});
  fleet.process.kill('SIGINT');
  fleet.process.kill('SIGTERM');
  await fleet.logged(({ msg }) => msg === 'SIGINT: draining' || msg === 'SIGTERM: draining');
  const begun = performance.now();
  await eventually(() => performance.now() - begun > 400); // a person's second thought
  expect(fleet.log.some(({ msg }) => msg.includes('again'))).toBe(false);
  fleet.process.kill('SIGINT');
  await fleet.logged(({ msg }) => msg === 'SIGINT again: killing the workers');
  expect(await fleet.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - begun).toBeLessThan(5000); // killTimeout is twice that
});

test('a signal to every process at once, as a terminal or a service manager sends it', async () => {
  await using fleet = new Fleet([fixture('slow-answers.mjs'), '-w', '3']);
  const port = await fleet.ready();
  const pids = new Set<number>();
  // Several at once: what comes one at a time may go to one worker 16 times in a row, a second each.
  while (pids.size < 3) {
    const texts = await Promise.all(Array.from({ length: 9 }, () => get(port)));
    for (const text of texts) pids.add(JSON.parse(text).pid);
  }
  const answers = Promise.all(Array.from({ length: 9 }, () => get(port)));
  await eventually(() => connectionsTo(port).length >= 9);
  for (const pid of pids) process.kill(pid, 'SIGTERM');
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  expect(await answers).toHaveLength(9);
});

test('SIGTERM to one worker: it drains, and another takes its place', async () => {
  await using fleet = new Fleet([fixture('slow-answers.mjs'), '-w', '2']);
  const port = await fleet.ready();
  const answers = Promise.all(Array.from({ length: 8 }, () => get(port)));
  await eventually(() => connectionsTo(port).length >= 8);
  const [line] = [await fleet.logged(({ msg }) => msg.startsWith('strategy'))];
  expect(line).toBeDefined();
  const { pid } = JSON.parse(await get(port));
  process.kill(pid, 'SIGTERM');
  await fleet.logged(({ msg, pid: ended }) => ended === pid && msg.includes('ended after its drain'));
  expect(await answers).toHaveLength(8);
  expect(JSON.parse(await get(port)).pid).not.toBe(pid);
});

test("the application's own SIGTERM listener runs once its requests are done", async () => {
  await using fleet = new Fleet([fixture('own-sigterm.mjs'), '-w', '2']);
  await fleet.ready();
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  expect(fleet.output.filter((line) => line.startsWith('cleanup'))).toHaveLength(2);
});

test.runIf(process.platform === 'linux')('the primary is killed: a blocked worker ends too', async () => {
  await using fleet = new Fleet([fixture('blocks-for-ever.mjs'), '-w', '1']);
  const { pid } = JSON.parse(await get(await fleet.ready(), '/timer'));
  fleet.process.kill('SIGKILL');
  await eventually(() => !isRunning(pid), 5000);
});

test('the primary is killed: its workers end, and the port is free', async () => {
  await using fleet = new Fleet([HELLO, '-w', '3']);
  const port = await fleet.ready();
  const { pid } = await nextWorker(port);
  await fleet.stop('SIGKILL');
  await eventually(() => !isRunning(pid));
  await eventually(() =>
    get(port).then(
      () => false,
      ({ code }) => code === 'ECONNREFUSED',
    ),
  );
});

test.each(STRATEGIES)(
  'a worker is blocked while the fleet stops, %s: who waits for it is answered',
  async (strategy) => {
    await using fleet = new Fleet([fixture('blocked-loop.mjs'), '-w', '2', '-s', strategy]);
    const port = await fleet.ready();
    const blocked = get(port, '/block?2000');
    await eventually(() => connectionsTo(port).length > 0);
    const sockets = Array.from({ length: 20 }, () => net.connect(port, '127.0.0.1'));
    const answers = sockets.map(async (socket) => {
      let text = '';
      socket.setEncoding('utf8').on('data', (data: string) => {
        text += data;
      });
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      await once(socket, 'end');
      return text.split('\r\n')[0];
    });
    await eventually(() => sockets.every(({ connecting }) => !connecting));
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
    expect(await Promise.all(answers)).toEqual(Array(20).fill('HTTP/1.1 200 OK'));
    expect(await blocked).toMatch(/^\d+$/);
  },
);
