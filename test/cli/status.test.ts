import { expect, test } from 'vitest';
import { parseScale } from '../../dist/cli/act.js';
import { describeStatus } from '../../dist/cli/status.js';
import { makeStatus, makeWorker } from '../control/helpers.ts';
import { refusal } from '../helpers/thrown.ts';

const NOW = 1_700_000_000_000;

test('a fleet at work', () => {
  const status = makeStatus({
    size: 2,
    generation: 2,
    queued: 4,
    lastReload: { at: NOW - 61_000, generation: 2, ok: true },
    listeners: [
      { address: '::', family: 'IPv6', port: 8080, protocol: 'http' },
      { address: '127.0.0.1', family: 'IPv4', port: 8443, protocol: 'https' },
    ],
    workers: [
      makeWorker({ id: 3, generation: 2 }),
      makeWorker({
        id: 4,
        pid: 4712,
        generation: 2,
        state: 'starting',
        connections: 0,
        uptime: 1500,
        restarts: 1,
      }),
    ],
  });
  expect(describeStatus(status, NOW)).toBe(`\
server  shared-handle/least-connections  generation 2  pid 4700  up 1m01s
http *:8080, https 127.0.0.1:8443
2 workers: 1 ready, 1 starting, 3 connections, 4 queued
reloaded 1m01s ago

id   pid  gen  state     conns  accepted  restarts  uptime   cpu  mem
 3  4711    2  ready         3       100         0   1m00s   10%  64M
 4  4712    2  starting      0       100         1      1s  400%  64M`);
});

test('what cannot be known is a dash; why a worker waits is said', () => {
  const status = makeStatus({
    strategy: 'node:cluster',
    policy: 'round-robin',
    listeners: [],
    queued: undefined,
    lastReload: { at: NOW - 5000, generation: 2, ok: false, error: 'worker 2 \x1b[31mended' },
    workers: [
      makeWorker({
        state: 'waiting',
        connections: undefined,
        accepted: undefined,
        rss: undefined,
        cpuSeconds: undefined,
        uptime: 0,
        failures: 5,
        nextStart: 1200,
      }),
    ],
  });
  const text = describeStatus(status, NOW);
  expect(text).toContain('\nno listener is known\n1 worker: 1 waiting, 0 connections\n');
  expect(text).toContain('\nreload to generation 2 failed 5s ago: worker 2  [31mended\n');
  expect(text).toMatch(/\n 1 {2}4711 {4}1 {2}waiting {6}- {9}- {9}0 {6}0s {4}- {4}-\n/);
  expect(text).toMatch(/\ncrash loop: worker 1 failed 5 times in a row; next try in 2s$/);
});

test('80 characters are enough for the largest figures', () => {
  const most = makeWorker({
    id: 9999,
    pid: 4_194_304,
    generation: 9999,
    state: 'starting',
    connections: 999_400,
    accepted: 4_294_967_295,
    restarts: 999_400,
    uptime: 99 * 86_400_000,
    cpuSeconds: 99 * 86_400 * 9.99,
    rss: 1023 * 1024 ** 2,
  });
  const table = describeStatus(makeStatus({ workers: [most] }), NOW).split('\n\n')[1] ?? '';
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test.each([
  ['4', { workers: 4 }],
  ['+1', { by: 1 }],
  ['-12', { by: -12 }],
])('scale %s', (argument, to) => expect(parseScale(argument)).toEqual(to));

test.each(['0', '257', 'auto', '', '+', '--1', '1.5', '+1.5', '1e2', '+9999'])(
  "scale '%s' is refused",
  (argument) => {
    expect(refusal(() => parseScale(argument))).toMatchObject({ code: 'ERR_INVALID_OPTION', isUsage: true });
  },
);
