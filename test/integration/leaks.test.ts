import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { eventually, get, nextWorker } from '../helpers/requests.ts';

const TOTAL = 10_000;
const AT_ONCE = 500;

const fds = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
const residentKb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

async function workersOf(port: number, count: number): Promise<number[]> {
  const pids = new Set<number>();
  await eventually(async () => {
    pids.add((await nextWorker(port)).pid);
    return pids.size === count;
  });
  return [...pids];
}

describe.each(STRATEGIES)('%s', (strategy) => {
  test(`${TOTAL} connections, one after another and at once: descriptors are back where they were`, async () => {
    await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '2', '-s', strategy]);
    const port = await fleet.ready();
    const pids = [fleet.process.pid as number, ...(await workersOf(port, 2))];
    for (let i = 0; i < 200; i++) await get(port); // what is opened once and kept is open now
    let before = pids.map(fds);
    await eventually(async () => {
      const last = before;
      await new Promise((resolve) => setTimeout(resolve, 100)); // that nothing changes any more, only time tells
      before = pids.map(fds);
      return before.every((count, i) => count === last[i]);
    });
    const memory = pids.map(residentKb);

    for (let i = 0; i < TOTAL / 2; i++) await get(port);
    for (let done = 0; done < TOTAL / 2; done += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => get(port)));
    }

    await eventually(() => pids.every((pid, i) => fds(pid) <= (before[i] ?? 0)));
    expect(pids.map(fds)).toEqual(before);
    // The primary keeps nothing per connection; the heap of a worker breathes.
    expect(residentKb(pids[0] as number) - (memory[0] ?? 0)).toBeLessThan(30_000);
  }, 120_000);

  test('connections held and dropped at once by the client: nothing stays', async () => {
    await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '2', '-s', strategy]);
    const port = await fleet.ready();
    const pids = [fleet.process.pid as number, ...(await workersOf(port, 2))];
    await get(port);
    const before = pids.map(fds);
    for (let round = 0; round < 5; round++) {
      const sockets = Array.from({ length: 200 }, () => net.connect(port, '127.0.0.1'));
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      for (const socket of sockets) socket.resetAndDestroy();
    }
    await eventually(() => pids.every((pid, i) => fds(pid) <= (before[i] ?? 0)));
  });

  test('50 workers killed: slots and descriptors of the primary are back where they were', async () => {
    await using fleet = new Fleet([
      fixture('http-hello.mjs'),
      '-w',
      '2',
      '-s',
      strategy,
      '--min-uptime',
      '0',
    ]);
    const port = await fleet.ready();
    const primary = fleet.process.pid as number;
    await get(port);
    const before = fds(primary);
    for (let kill = 0; kill < 50; kill++) {
      const { pid } = await nextWorker(port);
      process.kill(pid, 'SIGKILL');
      await fleet.logged(({ pid: dead, msg }) => dead === pid && msg.includes('killed by SIGKILL'));
    }
    await workersOf(port, 2);
    await eventually(() => fds(primary) <= before);
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  }, 60_000);
});
