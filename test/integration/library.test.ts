import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { fixture, NODE } from '../helpers/fleet.ts';

/** Runs a program that uses the library, in a process of its own; its stdout as JSON lines. */
async function program(name: string, ...args: string[]): Promise<unknown[]> {
  const { stdout } = await promisify(execFile)(NODE, [fixture(`library/${name}`), ...args], {
    timeout: 50_000,
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('start(): status, events, and stop() leaves nothing behind', async () => {
  const [status, events, after] = await program('start-and-stop.mjs');
  expect(status).toMatchObject({
    strategy: 'shared-handle',
    policy: 'least-connections',
    listeners: [{ address: '::', protocol: 'http' }],
    workers: [
      { state: 'ready', restarts: 0, connections: 0 },
      { state: 'ready', restarts: 0, connections: 0 },
    ],
  });
  const { workers } = status as { workers: { accepted: number }[] };
  expect(workers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(4);
  expect(events).toEqual(['draining', 'draining', 'dead', 'dead', 'stop']);
  expect(after).toEqual({ signals: [0, 0], restarted: true });
});

test('start(): what it refuses', async () => {
  expect(await program('refusals.mjs')).toEqual([
    'ERR_INVALID_OPTION',
    'ERR_INVALID_OPTION',
    'ERR_INVALID_OPTION',
    'ERR_INVALID_OPTION',
    'ERR_UNKNOWN_STRATEGY',
    'ERR_UNKNOWN_POLICY',
    'ERR_UNSUPPORTED',
    'ERR_ENTRY_NOT_FOUND',
    'ERR_ENTRY_FAILED',
    'ERR_INVALID_OPTION',
    'ERR_INVALID_OPTION',
    'EADDRINUSE',
    'EADDRINUSE',
    0, // nobody listens to signals any more
    'ERR_ALREADY_STARTED',
    'ERR_NOT_PRIMARY',
  ]);
});

test.each(STRATEGIES)(
  '10,000 connections by %s: every slot of the load table says so, and that none is open',
  async (strategy) => {
    const [workers] = (await program('slots.mjs', strategy)) as [{ connections: number; accepted: number }[]];
    expect(workers.map(({ connections }) => connections)).toEqual([0, 0]);
    expect(workers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(10_000);
  },
  60_000,
);

test('a crash loop is seen in the status: how often in a row, and when it is tried again', async () => {
  const [said, delay, status, later] = (await program('crash-loop.mjs')) as [
    { failures: number },
    number,
    { state: string; failures: number; nextStart: number },
    { failures: number; nextStart?: number },
  ];
  expect(said).toMatchObject({ state: 'dead', failures: 3 });
  expect(status).toMatchObject({ state: 'waiting', failures: 3 });
  expect(status.nextStart).toBeGreaterThan(0);
  expect(status.nextStart).toBeLessThanOrEqual(delay);
  expect(later).toMatchObject({ state: 'ready', failures: 0 }); // it has lived for minUptime
  expect(later).not.toHaveProperty('nextStart');
});

test('unresponsiveTimeout: who is reported, and how', async () => {
  const [pid, worker, report] = (await program('unresponsive.mjs')) as [
    number,
    object,
    { duration: number; stack: string },
  ];
  expect(worker).toMatchObject({ pid, state: 'ready' });
  expect(report).toMatchObject({ killed: true });
  expect(report.duration).toBeGreaterThanOrEqual(500);
  expect(report.stack).toMatch(/^ {4}at spinInTimer \(/m);
});

test('metrics that were asked for without a descriptor left are there when there are some again', async () => {
  const command = ['-c', 'ulimit -n 200; exec "$@"', 'sh', NODE, fixture('library/metrics-exhausted.mjs')];
  const { stdout } = await promisify(execFile)('sh', command, { timeout: 50_000 });
  expect(stdout).toBe('EMFILE\nevenkeel_workers\n');
});

test('scale() before the first worker is forked: so many are', async () => {
  expect(await program('scales-early.mjs')).toEqual([{ size: 3, states: ['ready', 'ready', 'ready'] }]);
});

test('scale: a worker that is busy all the time gets help, within five seconds or ten', async () => {
  const [first, second] = (await program('scales.mjs')) as [object[], object[]];
  expect(first).toMatchObject([{ state: 'ready' }]);
  expect(second).toMatchObject([{ state: 'ready' }, { state: 'ready' }]);
}, 60_000);

test('metrics(), beside an AggregatorRegistry of the program itself', async () => {
  expect(await program('own-aggregator.mjs')).toEqual([
    ['5', '5', '5'],
    'text/plain; version=0.0.4; charset=utf-8',
    true,
  ]);
});
