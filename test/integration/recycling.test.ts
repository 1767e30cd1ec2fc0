import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { Fleet, fixture, type LogLine } from '../helpers/fleet.ts';
import { everyKind, NOTHING_LOST } from '../helpers/load.ts';
import { childrenOf } from '../helpers/processes.ts';
import { Reloadable } from '../helpers/reloadable.ts';
import { eventually, get, isRunning, nextWorker } from '../helpers/requests.ts';

const isOver =
  (limit: string) =>
  ({ msg }: LogLine): boolean =>
    msg.includes(`is over ${limit}: `);
const pidsOf = (fleet: Fleet) => childrenOf(fleet.process.pid as number);

/** The workers named in so many lines that say they are over it, once all of these have ended. */
async function replaced(fleet: Fleet, limit: string, count: number): Promise<number[]> {
  const over = () => fleet.log.filter(isOver(limit)).map(({ pid }) => pid as number);
  await fleet.logged(() => over().length >= count);
  const pids = over().slice(0, count);
  await eventually(() => !pids.some(isRunning), 20_000);
  return pids;
}

describe.each(STRATEGIES)('under load, %s, no request is lost', (strategy) => {
  test('by connections accepted', async () => {
    await using fleet = new Fleet([
      fixture('reads-all.mjs'),
      '-w',
      '2',
      '-s',
      strategy,
      '--max-served',
      '200',
    ]);
    const port = await fleet.ready();
    const load = await everyKind(port);
    const pids = await replaced(fleet, 'maxServed', 2);
    expect(new Set(pids).size).toBe(2);
    expect(await load.stop()).toMatchObject(NOTHING_LOST);
    const { value, bound } = await fleet.logged(isOver('maxServed'));
    expect(bound).toBeGreaterThanOrEqual(180);
    expect(bound).toBeLessThanOrEqual(200);
    expect(value).toBeGreaterThan(bound as number);
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  }, 60_000);
});

test('by memory, under load: no request is lost, and it is said how much it had', async () => {
  await using fleet = new Fleet([fixture('grows.mjs'), '-w', '2', '--max-memory', '200M']);
  const port = await fleet.ready();
  const load = await everyKind(port);
  const [pid] = await replaced(fleet, 'maxMemory', 1);
  expect(await load.stop()).toMatchObject(NOTHING_LOST);
  const { msg, value, bound } = await fleet.logged(isOver('maxMemory'));
  expect(bound).toBe(200 * 2 ** 20);
  expect(value).toBeGreaterThan(bound as number);
  expect(msg).toMatch(/ \(pid \d+\) is over maxMemory: \d+ MiB of 200 MiB; another takes its place$/);
  expect(pidsOf(fleet)).not.toContain(pid);
}, 60_000);

test('a limit lower than what a worker needs: said, and no restarts without end', async () => {
  await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '2', '--max-memory', '1M']);
  const port = await fleet.ready();
  await fleet.logged(({ msg }) => / s after its start: is maxMemory lower than what it needs\?$/.test(msg));
  await replaced(fleet, 'maxMemory', 1);
  await new Promise((resolve) => setTimeout(resolve, 3000)); // three looks, of which nothing is to come
  expect(fleet.log.filter(isOver('maxMemory'))).toHaveLength(1);
  await nextWorker(port);
});

test('by age: all of them, one after another', async () => {
  await using fleet = new Fleet([
    fixture('http-hello.mjs'),
    '-w',
    '3',
    '--max-age',
    '2s',
    '--listen-timeout',
    '20000',
  ]);
  await fleet.ready();
  const first = pidsOf(fleet);
  const pids = await replaced(fleet, 'maxAge', 3);
  expect(pids.toSorted()).toEqual(first.toSorted());
  // Two are never on their way at once.
  const events = fleet.log.filter(isOver('maxAge'));
  expect(new Set(events.slice(0, 3).map(({ pid }) => pid)).size).toBe(3);
});

test('a replacement that cannot start: said, the worker goes on, and it is not tried again at once', async () => {
  await using fleet = new Reloadable(['-w', '2', '--max-age', '3s']);
  const port = await fleet.ready();
  fleet.deploy({ mode: 'crashes' });
  const { msg } = await fleet.logged((line) =>
    line.msg.startsWith('a worker over maxAge could not be replaced'),
  );
  expect(msg).toMatch(
    /ended before it was ready: exit code 1; 0 of 1 workers were replaced, 1 old ones go on$/,
  );
  await new Promise((resolve) => setTimeout(resolve, 3000)); // three looks, of which nothing is to come
  expect(fleet.log.filter(isOver('maxAge'))).toHaveLength(1);
  expect(JSON.parse(await get(port))).toMatchObject({ version: 1 });
});

test('a reload meanwhile is done after that, and never together', async () => {
  await using fleet = new Reloadable(['-w', '2', '--max-age', '2s', '--listen-timeout', '20000']);
  const port = await fleet.ready();
  await fleet.logged(isOver('maxAge'));
  fleet.deploy();
  expect((await fleet.reload()).msg).toMatch(/^reloaded: 2 workers of generation 2$/);
  expect(JSON.parse(await get(port))).toMatchObject({ version: 2 });
});

test.each([
  [
    ['--max-memory', 'much'],
    /maxMemory must be a whole number of bytes, .* not 'much' \[ERR_INVALID_OPTION\]/,
  ],
  [['--max-age', '1w'], /maxAge must be a whole number of milliseconds/],
  [['--max-served', '-1'], /maxServed must be a whole number, 0 or more, not '-1'/],
  [['--unresponsive-timeout', '5'], /unresponsiveTimeout must be 0 or at least 500 ms, not '5'/],
  [['--scale', '4'], /scale must be the fewest and the most workers, '2..8', not '4'/],
  [['--scale', '2..3', '-w', '4'], /workers is 4, and scale from 2 to 3/],
])('%j is refused', async (args, message) => {
  await using fleet = new Fleet([fixture('http-hello.mjs'), ...args]);
  expect(await fleet.exited).toEqual({ code: 2, signal: null });
  expect(fleet.stderr).toMatch(message);
});

test.each([
  ['--max-served', '10', 'maxServed'],
  ['--unresponsive-timeout', '1000', 'unresponsiveTimeout'],
])('%s without the addon is refused, and why', async (flag, value, name) => {
  await using fleet = new Fleet([fixture('http-hello.mjs'), flag, value], {
    EVENKEEL_ADDON: '/nowhere.node',
  });
  expect(await fleet.exited).toEqual({ code: 2, signal: null });
  expect(fleet.stderr).toContain(`${name} cannot be had here: the native addon is missing`);
});
