import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLI, Fleet, fixture, NODE } from '../helpers/fleet.ts';
import { newConnections } from '../helpers/load.ts';
import { eventually, get, nextWorker } from '../helpers/requests.ts';
import { slotsOf } from '../helpers/table.ts';

// Kernels that refuse what a gate needs: a preloaded library stands for them.

const EINVAL = '22';
const ENOSPC = '28';
let folder: string;
let library: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-epoll-'));
  library = path.join(folder, 'epoll-refuses.so');
  const flags = ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library];
  execFileSync('gcc', [...flags, fixture('native/epoll-refuses.c'), '-ldl']);
});

afterAll(() => rmSync(folder, { recursive: true }));

const refusing = (errno: string, where: 'all' | 'workers', times?: number) => ({
  LD_PRELOAD: library,
  EPOLL_REFUSES: errno,
  EPOLL_REFUSES_IN: where,
  ...(times === undefined ? {} : { EPOLL_REFUSES_TIMES: String(times) }),
});

test('a kernel without EPOLLEXCLUSIVE: explain says so, and what is taken instead', () => {
  const env = { ...process.env, ...refusing(EINVAL, 'all') };
  const run = (...args: string[]) =>
    spawnSync(NODE, [CLI, 'explain', '--json', ...args], { encoding: 'utf8', env });
  const explanation = JSON.parse(run('-s', 'shared-handle').stdout);
  expect([explanation.strategy, explanation.policy]).toEqual(['shared-handle', 'none']);
  expect(explanation.capabilities.gate).toMatch(/epoll_ctl EINVAL/);
  const gated = explanation.reasons.find(
    ({ strategy, policy }: { strategy: string; policy: string }) =>
      strategy === 'shared-handle' && policy === 'least-connections',
  );
  expect(gated).toMatchObject({ verdict: 'unsupported', why: expect.stringMatching(/epoll_ctl EINVAL/) });

  const refused = run('-s', 'shared-handle', '-p', 'least-connections');
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(/cannot run strategy shared-handle with policy least-connections/);
});

test('the same, running: the plain shared socket serves', async () => {
  const args = [fixture('http-hello.mjs'), '-w', '2', '-s', 'shared-handle'];
  await using fleet = new Fleet(args, refusing(EINVAL, 'all'));
  const port = await fleet.ready();
  const chosen = await fleet.logged(({ strategy }) => strategy !== undefined);
  expect(chosen).toMatchObject({ strategy: 'shared-handle', policy: 'none' });
  await Promise.all(Array.from({ length: 20 }, () => get(port)));
  expect(slotsOf(fleet.process.pid as number).map(({ shares }) => shares)).toEqual([0, 0]);
  expect(fleet.stderr).toBe('');
});

test('only the workers cannot: each says so once, and shares the socket plainly', async () => {
  const args = [fixture('http-hello.mjs'), '-w', '2', '-s', 'shared-handle'];
  await using fleet = new Fleet(args, refusing(EINVAL, 'workers'));
  const port = await fleet.ready();
  const load = newConnections(port, 200);
  await eventually(() => load.tally.ok > 100);
  const { ok, ...failures } = await load.stop();
  expect(failures).toEqual({ refused: 0, reset: 0, empty: 0, hung: 0, other: 0 });
  expect(ok).toBeGreaterThan(100);
  expect(fleet.stderr.match(/EvenkeelWarning: the gated listener: epoll_ctl EINVAL/g)).toHaveLength(2);
});

test('a gate that cannot be opened for a while (ENOSPC): the watchdog brings connections meanwhile', async () => {
  const args = [fixture('http-hello.mjs'), '-w', '2', '-s', 'shared-handle'];
  await using fleet = new Fleet(args, refusing(ENOSPC, 'workers', 40));
  const port = await fleet.ready();
  for (let i = 0; i < 100; i++) await nextWorker(port);
  expect(slotsOf(fleet.process.pid as number).some(({ open }) => open === 1)).toBe(true);
  expect(fleet.stderr.match(/EvenkeelWarning: the gated listener: epoll_ctl ENOSPC/g)).toHaveLength(2);
});

test('an application that closes servers as soon as it hears of that', async () => {
  const args = [fixture('closes-on-warning.mjs'), '-w', '1', '-s', 'shared-handle'];
  await using fleet = new Fleet(args, refusing(ENOSPC, 'workers', 3));
  await fleet.ready();
  const ports = JSON.parse((await fleet.printed(/^listens /)).slice('listens '.length)) as number[];
  await fleet.printed(/^closed$/);
  expect(Number(await get(ports[1] as number))).toBeGreaterThan(0);
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
});
