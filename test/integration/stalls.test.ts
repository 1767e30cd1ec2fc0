import { describe, expect, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { cpuShare, stop } from '../helpers/processes.ts';
import { get, nextWorker } from '../helpers/requests.ts';
import { slotsOf } from '../helpers/table.ts';

// hand-off: what was sent to a worker that does not take it, in real processes.

const open = (file: string, workers: number, policy: string) =>
  new Fleet([fixture(file), '-w', String(workers), '-s', 'hand-off', '-p', policy]);
const pidsOf = (fleet: Fleet) => slotsOf(fleet.process.pid as number).map(({ pid }) => pid);

/** So many connections one after another: who answered, and how long it took at most. */
async function ask(port: number, count: number): Promise<{ pids: Set<number>; longest: number }> {
  const pids = new Set<number>();
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const begun = performance.now();
    pids.add((await nextWorker(port)).pid);
    longest = Math.max(longest, performance.now() - begun);
  }
  return { pids, longest };
}

describe.each(['round-robin', 'least-connections'])('%s', (policy) => {
  test('a worker that blocks: the other one serves, and nobody waits for the end of that', async () => {
    await using fleet = open('blocks-later.mjs', 2, policy);
    const port = await fleet.ready();
    const { pid } = JSON.parse(await get(port, '/block?2000'));
    await fleet.printed(/^blocks/);
    const { pids, longest } = await ask(port, 40);
    expect(fleet.output).not.toContain(`turns ${pid}`); // all of that while it blocked
    expect(pids.has(pid)).toBe(false);
    expect(longest).toBeLessThan(1000);
    await fleet.printed(/^turns/);
    while ((await nextWorker(port)).pid !== pid);
  });

  test('a worker that is stopped in its sleep, and goes on', async () => {
    await using fleet = open('http-hello.mjs', 2, policy);
    const port = await fleet.ready();
    const { pid } = await nextWorker(port);
    await stop(pid);
    const { pids, longest } = await ask(port, 60);
    expect(pids.has(pid)).toBe(false);
    expect(longest).toBeLessThan(1000);
    process.kill(pid, 'SIGCONT');
    while ((await nextWorker(port)).pid !== pid);
  });

  test('a worker that is stopped and killed: who was sent to it is served by the other', async () => {
    await using fleet = open('http-hello.mjs', 2, policy);
    const port = await fleet.ready();
    for (const pid of pidsOf(fleet)) await stop(pid); // nobody sleeps to whom anything could be given
    const answers = Array.from({ length: 40 }, () => nextWorker(port));
    const [dead, heir] = pidsOf(fleet) as [number, number];
    process.kill(dead, 'SIGKILL');
    await fleet.logged(({ msg }) => msg.includes('killed by SIGKILL'));
    process.kill(heir, 'SIGCONT');
    for (const { pid } of await Promise.all(answers)) expect(pid).not.toBe(dead);
  });
});

test('source-hash: a stopped worker has its clients wait, and the others do not', async () => {
  await using fleet = open('http-hello.mjs', 2, 'source-hash');
  const port = await fleet.ready();
  const from = (host: string) => nextWorker(port, host);
  const clients = Array.from({ length: 40 }, (_, i) => `127.0.1.${i + 1}`);
  const before = await Promise.all(clients.map(from));
  const [{ pid: stopped } = { pid: 0 }] = before;
  await stop(stopped);
  const all = clients.map(from);
  const others = all.filter((_, i) => before[i]?.pid !== stopped);
  expect(others.length).toBeGreaterThan(0);
  for (const { pid } of await Promise.all(others)) expect(pid).not.toBe(stopped);
  process.kill(stopped, 'SIGCONT');
  expect((await Promise.all(all)).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
});

test.each(['round-robin', 'least-connections', 'source-hash'])(
  'every worker is stopped and 100 clients wait, %s: the primary does next to nothing',
  async (policy) => {
    await using fleet = open('http-hello.mjs', 3, policy);
    const port = await fleet.ready();
    const pids = pidsOf(fleet);
    for (const pid of pids) await stop(pid);
    const answers = Array.from({ length: 100 }, (_, i) => nextWorker(port, `127.0.1.${i + 1}`));
    expect(await cpuShare(fleet.process.pid as number, 2000)).toBeLessThan(0.2);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    expect(await Promise.all(answers)).toHaveLength(100);
  },
);
