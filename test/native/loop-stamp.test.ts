import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { Slot } from '../../dist/load-table.js';
import { fixture, NODE } from '../helpers/fleet.ts';
import { addon } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';
import { run } from '../helpers/script.ts';

const { LoadTable, LoopStamp, closeFd } = addon;
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('moves while a loop turns, and stands still for as long as it is blocked', async () => {
  const table = new LoadTable({ slots: 1 });
  const slot = new Slot(table, 0);
  const flags = new Int32Array(new SharedArrayBuffer(8));
  const workerData = { tableFd: table.share(), flags };
  const thread = new Worker(fixture('native/stamps-in-a-thread.mjs'), { workerData });
  onTestFinished(async () => {
    await thread.terminate();
  });
  await once(thread, 'message');
  for (let i = 0; i < 3; i++) {
    const { stamp } = slot.read();
    await eventually(() => slot.read().stamp > stamp);
  }

  thread.postMessage('block');
  await eventually(() => Atomics.load(flags, 0) === 1);
  const blocked = slot.read().stamp;
  const looks: bigint[] = [];
  await eventually(() => looks.push(slot.read().stamp) === 10); // 10 ms apart, a turn is 1 ms
  expect(looks).toEqual(Array(10).fill(blocked));

  Atomics.store(flags, 1, 1);
  Atomics.notify(flags, 1);
  await eventually(() => slot.read().stamp > blocked);
});

test('is CLOCK_MONOTONIC in ns, and the time at which the loop turned', async () => {
  const table = new LoadTable({ slots: 1 });
  const slot = new Slot(table, 0);
  const begin = process.hrtime.bigint();
  const stamp = new LoopStamp(table, 0);
  onTestFinished(() => stamp.stop());
  const first = slot.read().stamp;
  expect(first).toBeGreaterThanOrEqual(begin);
  const middle = process.hrtime.bigint();
  expect(slot.read().stamp).toBeLessThanOrEqual(middle); // not as long as this code runs
  await turn();
  await turn();
  expect(slot.read().stamp).toBeGreaterThan(middle);
  expect(slot.read().stamp).toBeLessThan(process.hrtime.bigint());
});

test('writes its own slot and no other', async () => {
  const table = new LoadTable({ slots: 3 });
  const stamp = new LoopStamp(table, 1);
  await turn();
  await turn();
  stamp.stop();
  const stamps = [0, 1, 2].map((index) => new Slot(table, index).read().stamp > 0n);
  expect(stamps).toEqual([false, true, false]);
});

test('another process sees it, and sees it last where the process was killed', async () => {
  const table = new LoadTable({ slots: 1 });
  const slot = new Slot(table, 0);
  const shared = table.share();
  const inherited = typeof shared === 'number' ? [shared] : [];
  const child = spawn(NODE, [fixture('native/stamps.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...inherited],
    env: { ...process.env, TABLE: typeof shared === 'string' ? shared : '' },
  });
  for (const fd of inherited) closeFd(fd);
  await once(child, 'message');
  const { stamp } = slot.read();
  await eventually(() => slot.read().stamp > stamp);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const last = slot.read().stamp;
  await turn();
  expect(slot.read().stamp).toBe(last);
});

test('stop() ends it at once, and does no harm a second time', async () => {
  const table = new LoadTable({ slots: 1 });
  const slot = new Slot(table, 0);
  const stamp = new LoopStamp(table, 0);
  stamp.stop();
  stamp.stop();
  const last = slot.read().stamp;
  for (let i = 0; i < 3; i++) await turn();
  expect(slot.read().stamp).toBe(last);
});

const STAMPED = `
  const { LoadTable, LoopStamp } = binding();
  const table = new LoadTable({ slots: 1 });
  const slot = new Slot(table, 0);`;

test('does not keep a process alive', () => {
  expect(run(`${STAMPED} new LoopStamp(table, 0); console.log('ends');`)).toBe('ends');
});

test('goes on without anybody holding it: the garbage collector leaves it alone', () => {
  const script = `${STAMPED}
    (() => new LoopStamp(table, 0))();
    for (let i = 0; i < 20; i++) { globalThis.gc(); await turn(); }
    const { stamp } = slot.read();
    await turn();
    console.log(slot.read().stamp > stamp);`;
  expect(run(script)).toBe('true');
});

test.each([1, 256, -1])('slot %d of a table of one: a RangeError', (index) => {
  expect(() => new LoopStamp(new LoadTable({ slots: 1 }), index)).toThrow(RangeError);
});

test('something else than a table: a TypeError', () => {
  expect(() => new LoopStamp({} as never, 0)).toThrow(TypeError);
});
