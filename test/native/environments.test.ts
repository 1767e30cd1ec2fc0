import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { fixture } from '../helpers/fleet.ts';
import { eventually } from '../helpers/requests.ts';

// The addon keeps nothing static: each environment of a process has its own of everything, and may end at
// any moment.
test('three worker_threads at once use all of it and are terminated in the midst, 20 times', async () => {
  const before = readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 20; round++) {
    const threads = Array.from({ length: 3 }, () => new Worker(fixture('native/uses-everything.mjs')));
    const answers = await Promise.all(
      threads.map(
        (thread) =>
          new Promise((resolve, reject) => {
            thread.once('message', resolve);
            thread.once('error', reject);
          }),
      ),
    );
    expect(answers).toEqual(Array(3).fill('served'));
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  await eventually(() => readdirSync('/proc/self/fd').length <= before + 2);
}, 60_000);

test.each(['exit', 'gc', 'end'])('a process may end with everything open: %s', (how) => {
  const args = ['--expose-gc', fixture('native/uses-everything.mjs'), how];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()).toBe('served');
});
