import { expect, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { eventually, get } from '../helpers/requests.ts';

// hand-off, source-hash: an address has its worker.

const V4 = Array.from({ length: 24 }, (_, i) => `127.0.${1 + (i % 3)}.${i + 1}`);

async function open(workers: number) {
  const fleet = new Fleet([
    fixture('two-ports.mjs'),
    ...['-w', String(workers), '-s', 'hand-off', '-p', 'source-hash'],
  ]);
  await fleet.ready();
  const ports = JSON.parse((await fleet.printed(/^ports/)).slice('ports '.length)) as [number, number];
  return { fleet, ports };
}

const isV6 = (address: string) => address.includes(':');

async function workerOf(port: number, address: string): Promise<number> {
  const host = isV6(address) ? '::1' : '127.0.0.1';
  const { pid, remoteAddress } = JSON.parse(await get(port, '/', host, address));
  expect(remoteAddress).toBe(isV6(address) ? address : `::ffff:${address}`);
  return pid;
}

const workersOf = async (port: number, addresses: string[]): Promise<Map<string, number>> =>
  new Map(
    await Promise.all(
      addresses.map(async (address) => [address, await workerOf(port, address)] as [string, number]),
    ),
  );

test('200 connections from each of several addresses: to one worker each, on both ports', async () => {
  const opened = await open(4);
  await using _fleet = opened.fleet;
  const [first, second] = opened.ports;
  const addresses = [...V4.slice(0, 6), '::1'];
  const workers = await workersOf(first, addresses);
  for (let i = 0; i < 200; i++) expect(await workersOf(i % 2 ? first : second, addresses)).toEqual(workers);
  expect(new Set((await workersOf(first, V4)).values()).size).toBeGreaterThan(1);
}, 60_000);

test('a worker dies: its clients have another one, and have the one in its place again; nobody else moves', async () => {
  const opened = await open(3);
  await using fleet = opened.fleet;
  const [port, otherPort] = opened.ports;
  const addresses = [...V4, '::1'];
  const before = await workersOf(port, addresses);
  const dead = before.get(V4[0] as string) as number;
  process.kill(dead, 'SIGKILL');
  await fleet.logged(({ msg }) => msg.includes('killed by SIGKILL'));
  const others = addresses.filter((address) => before.get(address) !== dead);
  const his = addresses.filter((address) => before.get(address) === dead);
  expect(others.length).toBeGreaterThan(0);
  // Served meanwhile, by whomever; and in the end all by one.
  let successors: Set<number> = new Set();
  await eventually(async () => {
    const all = await workersOf(port, addresses);
    for (const address of others) expect(all.get(address)).toBe(before.get(address));
    successors = new Set(his.map((address) => all.get(address) as number));
    return [...successors].every((pid) => ![...before.values()].includes(pid));
  });
  expect(successors.size).toBe(1);
  expect(await workersOf(otherPort, addresses)).toEqual(await workersOf(port, addresses));
});
