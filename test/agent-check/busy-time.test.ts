import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  chooseBusyTime,
  cpuSeconds,
  parseSchedstat,
  runnableSeconds,
} from '../../dist/agent-check/busy-time.js';
import { busyShare } from '../../dist/agent-check/machine.js';

test.each([
  ['1500000000 250000000 42\n', 1.75],
  ['0 0 0\n', undefined],
  ['', undefined],
  ['1 2\n', undefined],
  ['what?', undefined],
])('%j', (text, seconds) => expect(parseSchedstat(text)).toBe(seconds));

const hasSchedstat = runnableSeconds(process.pid) !== undefined;
if (!hasSchedstat) console.warn('SKIPPED: the time for which a loop wants to run (no /proc/<pid>/schedstat)');

test.runIf(hasSchedstat)(
  'a loop that never sleeps is busy all of the time, whoever else wants the CPUs',
  () => {
    const before = runnableSeconds(process.pid) as number;
    const begun = performance.now();
    while (performance.now() < begun + 300);
    const elapsed = (performance.now() - begun) / 1000;
    const share = ((runnableSeconds(process.pid) as number) - before) / elapsed;
    expect(share).toBeGreaterThan(0.7); // less than 1 where a hypervisor took the CPU
    expect(share).toBeLessThan(1.1);
  },
);

test('the best there is', () => {
  const best = existsSync('/proc/self/stat') ? cpuSeconds : undefined;
  expect(chooseBusyTime()).toBe(hasSchedstat ? runnableSeconds : best);
});

test('of a process that is not there', () => {
  expect(runnableSeconds(2 ** 30)).toBeUndefined();
  expect(cpuSeconds(2 ** 30)).toBeUndefined();
});

test.each([
  [{ idle: 10, total: 20 }, { idle: 11, total: 24 }, 0.75],
  [{ idle: 10, total: 20 }, { idle: 10, total: 20 }, undefined],
  [{ idle: 0, total: 0 }, { idle: 0, total: 0 }, undefined],
  [{ idle: 10, total: 20 }, { idle: 8, total: 21 }, 1], // a CPU was taken away
  [{ idle: 10, total: 20 }, { idle: 12, total: 21 }, 0],
])('CPU times %j, then %j: busy for %j', (before, after, share) => {
  expect(busyShare(before, after)).toBe(share);
});
