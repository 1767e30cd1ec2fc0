import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { parseFacts, processFacts } from '../../dist/primary/process-facts.js';

const STATUS = 'Name:\tnode\nVmHWM:\t   60000 kB\nVmRSS:\t   51200 kB\nThreads:\t11\n';
const stat = (name: string) =>
  `42 (${name}) S 1 42 42 0 -1 4194304 900 0 0 0 150 25 7 9 20 0 11 0 1234 1 2 3`;

describe('what the system says', () => {
  test('memory in bytes, processor time in seconds, without that of children', () => {
    expect(parseFacts(STATUS, stat('node'))).toEqual({ rss: 51_200 * 1024, cpuSeconds: 1.75 });
  });

  test.each(['my app', ') S 1 (', 'a) b'])("a program that is called '%s'", (name) => {
    expect(parseFacts(STATUS, stat(name))?.cpuSeconds).toBe(1.75);
  });

  test.each([
    ['Name:\tnode\nState:\tZ (zombie)\n', stat('node')],
    [STATUS, ''],
    ['', ''],
  ])('nothing where it says nothing: %j', (status, text) => {
    expect(parseFacts(status, text)).toBeUndefined();
  });
});

test('this process', () => {
  const before = processFacts(process.pid);
  const until = performance.now() + 200;
  while (performance.now() < until);
  const after = processFacts(process.pid);
  expect(after?.rss).toBeGreaterThan(20 * 2 ** 20);
  expect(Math.abs((after?.rss ?? 0) / process.memoryUsage.rss() - 1)).toBeLessThan(0.3);
  expect((after?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0)).toBeGreaterThan(0.02);
});

test('a process that is gone', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(processFacts(child.pid as number)).toBeUndefined();
});
