import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { keepAlive, newConnections } from '../helpers/load.ts';
import { Reloadable } from '../helpers/reloadable.ts';
import { eventually, get } from '../helpers/requests.ts';

const HELLO = fixture('http-hello.mjs');

async function probe(port: number, path: string): Promise<{ status: number | undefined; body: unknown }> {
  const request = http.get({ port, path, agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode, body: JSON.parse(body) };
}

test('ready when a worker is, and not before', async () => {
  await using fleet = new Reloadable(['-w', '1', '--wait-ready', '--metrics', '0'], {}, { mode: 'waits' });
  const port = await fleet.metricsPort();
  expect(await probe(port, '/livez')).toEqual({ status: 200, body: { ok: true } });
  await fleet.logged(({ msg }) => msg.startsWith('listening on '));
  expect(await probe(port, '/readyz')).toEqual({
    status: 503,
    body: { ok: false, why: 'no worker is ready: 1 starting' },
  });
  execFileSync('touch', [`${fleet.file}.go`]);
  await fleet.ready();
  expect(await probe(port, '/readyz')).toEqual({ status: 200, body: { ok: true } });
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  await expect(get(port, '/livez')).rejects.toThrow('ECONNREFUSED');
});

test('SIGTERM with preStopDelay: unready at once, served on, and clients that leave then lose nothing', async () => {
  const delay = 5000;
  const args = ['--metrics', '0', '--pre-stop-delay', String(delay), '--kill-timeout', '30000'];
  await using fleet = new Fleet([HELLO, '-w', '2', ...args]);
  const port = await fleet.ready();
  const metricsPort = await fleet.metricsPort();
  const loads = [newConnections(port, 50), keepAlive(port, 5)];
  await eventually(() => loads.every(({ tally }) => tally.ok > 20));
  const begun = performance.now();
  fleet.process.kill('SIGTERM');
  await eventually(async () => (await probe(metricsPort, '/readyz')).status === 503);
  expect(performance.now() - begun).toBeLessThan(delay);
  expect(await probe(metricsPort, '/livez')).toMatchObject({ status: 200 });
  expect(await get(metricsPort, '/metrics')).toMatch(/^evenkeel_stopping 1$/m);
  const before = loads.map(({ tally }) => tally.ok);
  await eventually(() => loads.every(({ tally }, i) => tally.ok > (before[i] as number) + 20));
  for (const load of loads) {
    const { ok, ...failed } = await load.stop();
    expect(failed).toEqual({ refused: 0, reset: 0, empty: 0, hung: 0, other: 0 });
    expect(ok).toBeGreaterThan(40);
  }
  expect(await fleet.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - begun).toBeGreaterThan(delay - 100);
  expect(fleet.log.filter(({ msg }) => msg.includes('ended after its drain'))).toEqual([]);
});

test('a SIGTERM to every process, as a service manager sends it: the workers wait for the delay, too', async () => {
  await using fleet = new Fleet([HELLO, '-w', '2', '--pre-stop-delay', '3000']);
  const port = await fleet.ready();
  const pids = new Set<number>();
  await eventually(async () => pids.add(JSON.parse(await get(port)).pid).size === 2);
  for (const pid of [fleet.process.pid as number, ...pids]) process.kill(pid, 'SIGTERM');
  await fleet.logged(({ msg }) => msg === 'SIGTERM: draining in 3000 ms');
  expect(pids.has(JSON.parse(await get(port)).pid)).toBe(true);
  expect(await fleet.exited).toEqual({ code: 0, signal: null });
  expect(fleet.log.filter(({ msg }) => msg.includes('another takes its place'))).toEqual([]);
});

test("'shutdown' on its IPC channel is delayed as SIGTERM is", async () => {
  const args = [HELLO, '-w', '1', '--pre-stop-delay', '3000', '--metrics', '0'];
  await using fleet = new Fleet(args, {}, [], '', [], ['ipc']);
  const port = await fleet.ready();
  const metricsPort = await fleet.metricsPort();
  const begun = performance.now();
  fleet.process.send('shutdown');
  await eventually(async () => (await probe(metricsPort, '/readyz')).status === 503);
  await get(port);
  expect(await fleet.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - begun).toBeGreaterThan(2900);
});

test('SIGINT is not delayed, and a second signal ends the delay', async () => {
  await using one = new Fleet([HELLO, '-w', '1', '--pre-stop-delay', '60000']);
  await one.ready();
  expect(await one.stop('SIGINT')).toEqual({ code: 0, signal: null });
  await using two = new Fleet([HELLO, '-w', '1', '--pre-stop-delay', '60000']);
  await two.ready();
  two.process.kill('SIGTERM');
  await two.logged(({ msg }) => msg === 'SIGTERM: draining in 60000 ms');
  await new Promise((resolve) => setTimeout(resolve, 350)); // the same signal twice is one; see src/signals.ts
  expect(await two.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(two.log.map(({ msg }) => msg)).toContain('SIGTERM again: killing the workers');
});

test('a port in use: exit status 1 with the reason, and nothing runs', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => {
    taken.close();
  });
  const { port } = taken.address() as net.AddressInfo;
  await using fleet = new Fleet([
    HELLO,
    ...['-w', '1', '--no-control', '--metrics', String(port), '--', `taken-${port}`],
  ]);
  expect(await fleet.exited).toEqual({ code: 1, signal: null });
  expect(fleet.stderr).toMatch(/cannot serve metrics and probes: .*EADDRINUSE.*\[EADDRINUSE\]/);
  expect(fleet.log.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^strategy /)]);
  expect(() => execFileSync('pgrep', ['-f', `taken-${port}`])).toThrow(); // none
});
