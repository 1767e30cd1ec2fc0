import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { preloaded } from '../helpers/preload.ts';
import { cpuShare, descriptorLimit, limitDescriptors, stop } from '../helpers/processes.ts';
import { eventually, get, nextWorker } from '../helpers/requests.ts';
import { slotsOf } from '../helpers/table.ts';

// hand-off: who has no descriptors left, in real processes.

const library = preloaded('native/refuses.c');
const open = (file: string, policy: string, limits = '', env = {}) =>
  new Fleet([fixture(file), '-w', '2', '-s', 'hand-off', '-p', policy], env, [], limits);
const pidOf = (fleet: Fleet) => fleet.process.pid as number;
const many = (port: number, count: number) => Array.from({ length: count }, () => nextWorker(port));

/** The lowest descriptor number a process does not use: as a limit, it leaves none. */
function lowestFree(pid: number): number {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let number = 0;
  while (used.has(number)) number++;
  return number;
}

describe.each(['round-robin', 'least-connections'])('%s', (policy) => {
  test('a worker has none: the other serves, nobody is lost, and it comes back', async () => {
    await using fleet = open('no-descriptors.mjs', policy, 'ulimit -n 200;');
    const port = await fleet.ready();
    const { pid } = JSON.parse(await get(port, '/exhaust'));
    await fleet.printed(/^exhausted/);
    for (let i = 0; i < 40; i++) expect((await nextWorker(port)).pid).not.toBe(pid);
    await Promise.all(many(port, 100));
    const slot = () => slotsOf(pidOf(fleet)).find((one) => one.pid === pid);
    await eventually(() => slot()?.depth === 0);
    expect(await cpuShare(pid, 500)).toBeLessThan(0.2);
    const said = /EvenkeelWarning: connections from the primary: recvmsg EMFILE/g;
    expect(fleet.stderr.match(said)).toHaveLength(1); // though it looks again twenty times a second
    process.kill(pid, 'SIGUSR2');
    await fleet.printed(/^free/);
    await eventually(async () => (await nextWorker(port)).pid === pid);
  });

  test('the primary has none to accept with: it says so, does not spin, and loses nobody', async () => {
    await using fleet = open('http-hello.mjs', policy);
    const port = await fleet.ready();
    const limit = descriptorLimit(pidOf(fleet));
    limitDescriptors(pidOf(fleet), lowestFree(pidOf(fleet)));
    const answers = many(port, 60);
    const { msg } = await fleet.logged(({ code }) => code === 'EMFILE');
    expect(msg).toMatch(/the primary cannot accept, and tries again: accept4 EMFILE.*ulimit -n/);
    expect(await cpuShare(pidOf(fleet), 1000)).toBeLessThan(0.2);
    limitDescriptors(pidOf(fleet), limit);
    expect(await Promise.all(answers)).toHaveLength(60);
  });

  test('the primary has none to take back with what a dead worker left: it does when it has', async () => {
    await using fleet = open('http-hello.mjs', policy);
    const port = await fleet.ready();
    const [dead, heir] = slotsOf(pidOf(fleet)).map(({ pid }) => pid) as [number, number];
    await stop(dead);
    await stop(heir);
    const answers = many(port, 12);
    const untaken = () => slotsOf(pidOf(fleet)).map((slot) => slot.untaken);
    await eventually(() => untaken().every((count) => count > 0));
    const limit = descriptorLimit(pidOf(fleet));
    limitDescriptors(pidOf(fleet), lowestFree(pidOf(fleet)));
    process.kill(dead, 'SIGKILL');
    await fleet.logged(({ msg }) => msg.includes('killed by SIGKILL'));
    expect(await cpuShare(pidOf(fleet), 500)).toBeLessThan(0.3);
    limitDescriptors(pidOf(fleet), limit);
    process.kill(heir, 'SIGCONT');
    for (const { pid } of await Promise.all(answers)) expect(pid).not.toBe(dead);
  });
});

test('source-hash: a worker without descriptors has its clients wait, and the others do not', async () => {
  await using fleet = open('no-descriptors.mjs', 'source-hash', 'ulimit -n 200;');
  const port = await fleet.ready();
  const { pid } = JSON.parse(await get(port, '/exhaust'));
  await fleet.printed(/^exhausted/);
  const clients = Array.from({ length: 30 }, (_, i) => nextWorker(port, `127.0.1.${i + 1}`));
  const his = nextWorker(port);
  const served: number[] = [];
  for (const client of clients) void client.then((answer) => served.push(answer.pid));
  await eventually(() => served.length > 0 && fleet.stderr.includes('recvmsg EMFILE'));
  expect(served).not.toContain(pid);
  process.kill(pid, 'SIGUSR2');
  expect((await his).pid).toBe(pid);
  expect(await Promise.all(clients)).toHaveLength(30);
});

// A machine without files cannot be had without harming it: a preloaded library stands for it.
test('the machine has no files left (ENFILE): said with its remedy, and nobody is lost', async () => {
  const env = { LD_PRELOAD: library(), ENFILE_TIMES: '40' };
  const begun = performance.now();
  await using fleet = open('http-hello.mjs', 'round-robin', '', env);
  const port = await fleet.ready();
  expect(await Promise.all(many(port, 20))).toHaveLength(20);
  // Two seconds of pauses begin with the listener; a spin would take none.
  expect(performance.now() - begun).toBeGreaterThan(1900);
  const said = fleet.log.filter(({ code }) => code === 'ENFILE').map(({ msg }) => msg);
  expect(said).toEqual([expect.stringMatching(/cannot accept, and tries again: accept4 ENFILE.*file-max/)]);
});
