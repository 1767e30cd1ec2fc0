import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseFacts, processFacts } from '../../dist/primary/process-facts.js';

const STATUS = 'Name:\tnode\nVmPeak:\t 1100000 kB\nVmRSS:\t   51200 kB\nThreads:\t11\n';
const stat = (name: string): string =>
  `4711 (${name}) S 1 4711 4711 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 11 0 99`;

test.each(['node', 'a b', 'a) S 1 2 3', '(('])('a process called %s', (name) => {
  expect(parseFacts(stat(name), STATUS)).toEqual({ rss: 51_200 * 1024, cpuSeconds: 3 });
});

test('what is not there is not known', () => {
  expect(parseFacts('', '')).toEqual({ rss: undefined, cpuSeconds: undefined });
  expect(parseFacts(stat('node'), 'Name:\tnode\nState:\tZ (zombie)\n').rss).toBeUndefined();
  expect(processFacts(undefined)).toBeUndefined();
  expect(processFacts(2 ** 22 + 1)).toBeUndefined(); // more than there can be
});

test.skipIf(!existsSync('/proc/self/stat'))('this process: as ps sees it', () => {
  const facts = processFacts(process.pid);
  const rss =
    Number(execFileSync('ps', ['-o', 'rss=', '-p', String(process.pid)], { encoding: 'utf8' })) * 1024;
  expect(Math.abs((facts?.rss ?? 0) - rss)).toBeLessThan(0.3 * rss);
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const used = (userCPUTime + systemCPUTime) / 1e6;
  expect(facts?.cpuSeconds).toBeGreaterThan(used - 1);
  expect(facts?.cpuSeconds).toBeLessThanOrEqual(used + 0.1);
});
