import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type net from 'node:net';
import { expect, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { testKeys } from '../helpers/keys.ts';
import { connect, connections } from '../helpers/native.ts';
import { eventually, get, nextWorker } from '../helpers/requests.ts';
import { slotsOf, unevenness } from '../helpers/table.ts';

// How connections fall on the workers of one queue, and who waits when a worker cannot take any.

const open = (file: string, workers: number, limits = '') =>
  new Fleet([fixture(file), '-w', String(workers), '-s', 'shared-handle'], testKeys(), [], limits);

const active = (fleet: Fleet) => slotsOf(fleet.process.pid as number).map((slot) => slot.active);
const accepted = (fleet: Fleet) => slotsOf(fleet.process.pid as number).map((slot) => slot.accepted);
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

/** What a process does for the first time takes it many milliseconds, which counts as busy. */
async function warmUp(fleet: Fleet, port: number): Promise<void> {
  await eventually(async () => {
    for (let i = 0; i < 50; i++) await get(port);
    return accepted(fleet).every((count) => count > 50);
  });
  await eventually(() => sum(active(fleet)) === 0);
}

/** Connections one after another, each of which has got an answer and stays open. */
async function hold(count: number, port: number): Promise<net.Socket[]> {
  const sockets: net.Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = await connect(port);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    sockets.push(socket);
  }
  return sockets;
}

/** Whether so many connections made by `make` spread evenly. A machine that starves some of the processes
 * leaves more to the others, as it should: a few rounds, of which one is even. */
async function spreadsEvenly(fleet: Fleet, make: () => Promise<net.Socket[]>): Promise<void> {
  const seen: number[][] = [];
  for (let round = 0; round < 5; round++) {
    const sockets = await make();
    await eventually(() => sum(active(fleet)) === sockets.length);
    seen.push(active(fleet));
    for (const socket of sockets) socket.destroy();
    await eventually(() => sum(active(fleet)) === 0);
    if (unevenness(seen.at(-1) ?? []) <= 1.1) return;
  }
  throw new Error(`uneven each time: ${JSON.stringify(seen)}`);
}

test('100 held connections over 4 workers, half of which end and are made again', async () => {
  await using fleet = open('http-hello.mjs', 4);
  const port = await fleet.ready();
  await warmUp(fleet, port);
  await spreadsEvenly(fleet, async () => {
    const held = await hold(100, port);
    for (const socket of held.splice(0, 50)) socket.destroy();
    await eventually(() => sum(active(fleet)) === 50);
    return [...held, ...(await hold(50, port))];
  });
});

test('100 connections held over two ports of the same 4 workers: even in sum', async () => {
  await using fleet = open('every-protocol.mjs', 4);
  await fleet.ready();
  const ports = JSON.parse((await fleet.printed(/^listens /)).slice('listens '.length));
  await warmUp(fleet, ports.http);
  await spreadsEvenly(fleet, async () => {
    const held: net.Socket[] = [];
    for (let i = 0; i < 25; i++) {
      held.push(...(await hold(2, ports.http)), ...(await connections(2, ports.listensFirst)));
    }
    return held;
  });
});

test('a worker that is replaced takes its share, and not all of what it missed', async () => {
  await using fleet = open('http-hello.mjs', 4);
  const port = await fleet.ready();
  for (let i = 0; i < 400; i++) await get(port);
  const { pid } = await nextWorker(port);
  process.kill(pid, 'SIGKILL');
  await fleet.logged(({ msg, pid: died }) => died === pid && msg.includes('killed by SIGKILL'));
  await eventually(() => slotsOf(fleet.process.pid as number).every(({ shares }) => shares === 1));
  const before = accepted(fleet);
  for (let i = 0; i < 400; i++) await get(port);
  const share = accepted(fleet).map((count, i) => count - (before[i] ?? 0));
  expect(unevenness(share)).toBeLessThanOrEqual(1.5);
});

test('1000 connections one after another: everybody has turns', async () => {
  await using fleet = open('http-hello.mjs', 4);
  const port = await fleet.ready();
  await warmUp(fleet, port);
  const before = accepted(fleet);
  for (let i = 0; i < 1000; i++) await get(port);
  const share = accepted(fleet).map((count, i) => count - (before[i] ?? 0));
  expect(sum(share)).toBe(1000);
  expect(unevenness(share)).toBeLessThanOrEqual(1.2);
});

test('one worker is blocked for 2 s under steady connections: nobody waits for it', async () => {
  await using fleet = open('blocked-loop.mjs', 4);
  const port = await fleet.ready();
  await warmUp(fleet, port);
  const blocked = get(port, '/block?2000');
  await fleet.printed(/^blocked/); // what it had accepted by then waits for it
  const waits: Promise<number>[] = [];
  let isBlocked = true;
  void blocked.then(() => {
    isBlocked = false;
  });
  while (isBlocked) {
    const begin = performance.now();
    waits.push(get(port).then(() => performance.now() - begin));
    await new Promise((resolve) => setTimeout(resolve, 10)); // a hundred connections a second
  }
  const times = await Promise.all(waits);
  expect(times.length).toBeGreaterThan(50);
  expect(Math.max(...times)).toBeLessThan(500);
});

/** CPU time of a process so far, in clock ticks: 10 ms each on Linux. See proc(5). */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

async function exhaust(fleet: Fleet, port: number): Promise<number> {
  const { pid } = JSON.parse(await get(port, '/exhaust'));
  await fleet.printed(new RegExp(`^exhausted ${pid} EMFILE$`));
  return pid;
}

/** Runs for a second, and says how many hundredths of a core the process used. */
async function load(pid: number, during: () => Promise<unknown>): Promise<number> {
  const before = ticks(pid);
  await Promise.all([during(), new Promise((resolve) => setTimeout(resolve, 1000))]);
  return ticks(pid) - before;
}

test('EMFILE in one worker: the others serve, it does not spin, says so once, and comes back', async () => {
  await using fleet = open('no-descriptors.mjs', 3, 'ulimit -n 200;');
  const port = await fleet.ready();
  const pid = await exhaust(fleet, port);
  const answers: string[] = [];
  const used = await load(pid, async () => {
    for (let i = 0; i < 60; i++) answers.push(await get(port));
  });
  expect(answers.map((text) => JSON.parse(text).pid)).not.toContain(pid);
  expect(used).toBeLessThan(20);
  expect(fleet.stderr.match(/EvenkeelWarning/g)).toHaveLength(1);
  process.kill(pid, 'SIGUSR2');
  await fleet.printed(/^free/);
  await eventually(async () => (await nextWorker(port)).pid === pid);
});

test('EMFILE in the only worker: connections wait, it does not spin, and serves them all at last', async () => {
  await using fleet = open('no-descriptors.mjs', 1, 'ulimit -n 200;');
  const port = await fleet.ready();
  const pid = await exhaust(fleet, port);
  const waiting: net.Socket[] = [];
  const used = await load(pid, async () => waiting.push(...(await connections(5, port))));
  const answers = Array.from({ length: 20 }, () => get(port));
  expect(used).toBeLessThan(30);
  expect(await load(fleet.process.pid as number, async () => {})).toBeLessThan(30);
  process.kill(pid, 'SIGUSR2');
  for (const text of await Promise.all(answers)) expect(JSON.parse(text)).toEqual({ pid });
  await eventually(() => active(fleet)[0] === 5);
});
