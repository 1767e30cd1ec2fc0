import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { fixture, NODE } from '../helpers/fleet.ts';
import { addon, closing } from '../helpers/native.ts';

// The addon keeps nothing static: each environment of a process has its own of everything, and may end at
// any moment. What may kill a process has one of its own.

const { Channel, messageTypes } = addon;

interface End {
  output: string;
  code: number | null;
  signal: string | null;
}

/** Runs a fixture to its end; `fd` becomes its descriptor 4. */
async function run(name: string, args: string[] = [], fd?: number): Promise<End> {
  const child = spawn(NODE, ['--expose-gc', fixture(`native/${name}`), ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ignore', fd ?? 'ignore'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code, signal] = await once(child, 'close');
  return { output: output.trim(), code, signal };
}

const well = (output: string): End => ({ output, code: 0, signal: null });

test.each(['exit', 'gc', 'end'])('a process may end with everything open: %s', async (how) => {
  expect(await run('uses-everything.mjs', [how])).toEqual(well('served'));
});

describe('three worker_threads at once', () => {
  test('serve, and are terminated with everything open', async () => {
    for (let round = 0; round < 10; round++) {
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
  }, 60_000);

  test('make and drop all of it, and are terminated in the midst: nothing is left', async () => {
    expect(await run('ends-its-threads.mjs', ['20'])).toEqual(well('0 left open'));
  }, 60_000);

  test('receive without a pause and are terminated in the midst', async () => {
    expect(await run('receives-in-threads.mjs')).toEqual(well('still here'));
  }, 60_000);
});

test('a process that ends by itself while messages still come ends well', async () => {
  for (let i = 0; i < 20; i++) {
    const channel = closing(
      new Channel(
        () => {},
        () => {},
      ),
    );
    for (let k = 0; k < 20_000; k++) channel.send(messageTypes.answer, k, 0, 'x', -1);
    expect(await run('ends-by-itself.mjs', [], channel.peerFd())).toEqual(well(''));
    channel.close();
  }
}, 60_000);
