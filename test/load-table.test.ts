import { describe, expect, test } from 'vitest';
import { binding } from '../dist/binding.js';
import { MAX_WORKERS, Slot, SlotState } from '../dist/load-table.js';
import { run } from './helpers/script.ts';

const { LoadTable, layout } = binding();

/** A table and the 32-bit words of one slot as they lie in it, which a test may scribble over. */
function slotAndWords(index = 0, slots = 4) {
  const table = new LoadTable({ slots });
  const words = new Uint32Array(table.buffer(), layout.headerSize + index * layout.slotSize, 16);
  return { table, slot: new Slot(table, index), words };
}

const IDLE = { active: 0, accepted: 0, untaken: 0, stamp: 0n, isIdle: false };

test('there is a slot for every worker allowed, and none beyond', () => {
  const table = new LoadTable({ slots: MAX_WORKERS });
  expect(new Slot(table, MAX_WORKERS - 1).index).toBe(MAX_WORKERS - 1);
  expect(() => new Slot(table, MAX_WORKERS)).toThrow(RangeError);
  expect(() => new Slot(table, -1)).toThrow(RangeError);
});

test('a new slot is idle; writing it leaves its neighbours and the header as they were', () => {
  const { table, slot, words } = slotAndWords(1, 3);
  const whole = new Uint8Array(table.buffer());
  const before = whole.slice();
  expect(slot.read()).toEqual(IDLE);
  slot.begin();
  slot.pid = 0xffffffff;
  slot.countAccepted();
  slot.active = 1;
  expect(words.some((word) => word !== 0)).toBe(true);
  words.fill(0);
  new Uint32Array(table.buffer())[layout.used / 4] = 0; // the header's: slots in use so far
  expect(whole).toEqual(before);
});

test('begin() forgets the worker before', () => {
  const { slot, words } = slotAndWords();
  words.fill(0xffffffff);
  slot.begin();
  expect(slot.read()).toEqual(IDLE);
  expect(words[layout.state / 4]).toBe(SlotState.starting);
  expect([...words].filter((word) => word !== 0)).toEqual([SlotState.starting]);
});

test('state and pid are where the layout says', () => {
  const { slot, words } = slotAndWords();
  slot.pid = 4711;
  for (const state of Object.values(SlotState)) {
    slot.state = state;
    expect(words[layout.state / 4]).toBe(state);
  }
  expect(words[layout.pid / 4]).toBe(4711);
});

describe('load', () => {
  test('connections begun, open and ended', () => {
    const { slot, words } = slotAndWords();
    for (let i = 0; i < 5; i++) slot.countAccepted();
    slot.active = 5;
    expect(slot.read()).toEqual({ ...IDLE, active: 5, accepted: 5 });
    slot.active = 2;
    expect(slot.read()).toEqual({ ...IDLE, active: 2, accepted: 5 });
    expect(words[layout.closed / 4]).toBe(3);
    slot.active = 0;
    expect(slot.read()).toEqual({ ...IDLE, accepted: 5 });
  });

  test('connections sent and not yet taken', () => {
    const { slot, words } = slotAndWords();
    words[layout.adjust / 4] = 3; // the dispatcher's
    expect(slot.read().untaken).toBe(3);
    words[layout.taken / 4] = 2; // the intake's
    expect(slot.read().untaken).toBe(1);
  });

  test('counters wrap; their differences are right', () => {
    const { slot, words } = slotAndWords();
    words[layout.adjust / 4] = 1;
    words[layout.taken / 4] = 0xffffffff;
    words[layout.accepted / 4] = 2;
    words[layout.closed / 4] = 0xfffffffe;
    expect(slot.read()).toEqual({ active: 4, accepted: 2, untaken: 2, stamp: 0n, isIdle: false });
  });

  test('a loop sleeps until work begins', () => {
    const { slot, words } = slotAndWords();
    words[layout.idle / 4] = 1;
    expect(slot.read().isIdle).toBe(true);
    slot.markBusy();
    expect(slot.read().isIdle).toBe(false);
  });

  test('what somebody else scribbles over the counters is gone with the next connection', () => {
    const { slot, words } = slotAndWords();
    slot.countAccepted();
    words.fill(0xdeadbeef);
    slot.countAccepted();
    slot.active = 1;
    expect(slot.read()).toMatchObject({ accepted: 2, active: 1 });
  });
});

test('a slot keeps the table mapped, whoever else forgets it', () => {
  const script = `
    const { LoadTable } = binding();
    const slots = Array.from({ length: 50 }, () => new Slot(new LoadTable({ slots: 1 }), 0));
    for (let i = 0; i < 10; i++) { globalThis.gc(); await turn(); }
    for (const slot of slots) slot.countAccepted();
    console.log(slots.every((slot) => slot.read().accepted === 1));`;
  expect(run(script)).toBe('true');
});
