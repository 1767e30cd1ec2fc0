import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { MAX_WORKERS, Slot, SlotState } from '../../dist/load-table.js';
import { leavesNothingOpen } from '../helpers/descriptors.ts';
import { fixture } from '../helpers/fleet.ts';
import { addon, listen } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

const { LoadTable, LoopStamp, layout } = addon;

test('a slot is a cache line, and every field lies within it, apart from the others', () => {
  const { headerSize, slotSize, ...fields } = layout;
  expect([headerSize, slotSize]).toEqual([64, 64]);
  const bytes = Object.entries(fields).flatMap(([name, offset]) =>
    Array.from({ length: name === 'stamp' ? 8 : 4 }, (_, i) => offset + i),
  );
  expect(new Set(bytes).size).toBe(bytes.length);
  expect(Math.max(...bytes)).toBeLessThan(64);
  expect(fields.stamp % 8).toBe(0);
});

test('two mappings of one table see the same, and the counters wrap', () => {
  const table = new LoadTable({ slots: MAX_WORKERS });
  const other = new LoadTable({ fd: table.share() });
  expect(other.slots()).toBe(MAX_WORKERS);
  const [writer, reader] = [new Slot(table, 200), new Slot(other, 200)];
  writer.begin();
  for (let i = 0; i < 5; i++) writer.countAccepted();
  writer.active = 3;
  writer.countTaken();
  expect(reader.read()).toEqual({ active: 3, accepted: 5, untaken: 2 ** 32 - 1, stamp: 0n });
  writer.state = SlotState.ready;
  expect(new Slot(other, 199).read()).toEqual({ active: 0, accepted: 0, untaken: 0, stamp: 0n });
});

test('what is no load table is refused, and closed', async () => {
  const socket = listen();
  await leavesNothingOpen(200, () => {
    expect(() => new LoadTable({ fd: socket.share() })).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
  expect(() => new LoadTable({ fd: 9999 })).toThrow(expect.objectContaining({ code: 'EBADF' }));
  for (const slots of [0, 5000]) expect(() => new LoadTable({ slots })).toThrow(RangeError);
  expect(() => new Slot(new LoadTable({ slots: 2 }), 2)).toThrow(RangeError);
  expect(() => new LoopStamp(new LoadTable({ slots: 2 }), 2)).toThrow(RangeError);
});

test('the loop stamp moves while a loop turns, and stands still while it is blocked', async () => {
  const table = new LoadTable({ slots: 1 });
  const slot = new Slot(table, 0);
  const fd = table.share();
  const child = spawn(process.execPath, [fixture('native/stamps.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', fd],
  });
  addon.closeFd(fd);
  await once(child, 'message'); // it turns
  const first = slot.read().stamp;
  expect(first).toBeGreaterThan(0n);
  await eventually(() => slot.read().stamp > first);
  child.send('block');
  await once(child, 'message'); // about to block, for 300 ms
  let still = 0n;
  await eventually(() => {
    const now = slot.read().stamp;
    const hasStood = process.hrtime.bigint() - now > 100_000_000n; // both are CLOCK_MONOTONIC
    if (hasStood) still = now;
    return hasStood;
  });
  await eventually(() => slot.read().stamp > still); // and on it goes
  child.kill();
  await once(child, 'exit');
});

test('a loop stamp keeps neither the process alive nor itself once stopped', async () => {
  const slot = new Slot(new LoadTable({ slots: 1 }), 0);
  const table = new LoadTable({ slots: 1 });
  const stamped = new Slot(table, 0);
  const stamp = new LoopStamp(table, 0);
  stamp.stop();
  stamp.stop();
  const { stamp: last } = stamped.read();
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(stamped.read().stamp).toBe(last);
  expect(slot.read().stamp).toBe(0n);
});
