import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { mainThread, parseThread } from '../../dist/primary/main-thread.js';

test.each(['node', 'my app', ') S 1 (', 'a) b'])(
  "the main thread of a program that is called '%s'",
  (name) => {
    const stat = `42 (${name}) R 1 42 42 0 -1 4194304 900 0 0 0 150 25 7 9 20 0 11 0 1234 1 2 3`;
    expect(parseThread(stat)).toEqual({ state: 'R', cpu: 1750 });
  },
);

test.each(['', '42 (node)', '42 (node) R 1'])("nothing where it says nothing: '%s'", (stat) => {
  expect(parseThread(stat)).toBeUndefined();
});

test('this process runs just now, and takes time for it', () => {
  const before = mainThread(process.pid);
  expect(before?.state).toBe('R');
  const until = process.cpuUsage().user + 200_000;
  while (process.cpuUsage().user < until);
  const after = mainThread(process.pid);
  expect((after?.cpu ?? 0) - (before?.cpu ?? 0)).toBeGreaterThanOrEqual(100);
});

test('a process that is gone', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(mainThread(child.pid as number)).toBeUndefined();
});
