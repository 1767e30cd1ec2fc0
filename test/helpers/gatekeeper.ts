import { writeSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import type { LayoutField } from '../../dist/binding.js';
import { addon, listen } from './native.ts';

const { Bell, Gatekeeper, LoadTable, closeFd, layout } = addon;

/** The number of the gate the tests are about. */
export const GATE = 3;

/** A field of a slot, as everybody who has the table can read and scribble it. */
export class TableView {
  readonly #u32: Uint32Array;

  constructor(buffer: ArrayBuffer) {
    this.#u32 = new Uint32Array(buffer);
  }

  get(slot: number, field: LayoutField): number {
    return this.#u32[this.#index(slot, field)] ?? 0;
  }

  set(slot: number, field: LayoutField, value: number): void {
    this.#u32[this.#index(slot, field)] = value;
  }

  #index(slot: number, field: LayoutField): number {
    return (layout.headerSize + slot * layout.slotSize + layout[field]) / 4;
  }
}

/** A worker's gate in this process: slot 0 of a table of two, where slot 1 is whatever a test writes. */
export function keeper(options: { onConnection?: (fd: number) => void } = {}) {
  const table = new LoadTable({ slots: 2 });
  const view = new TableView(table.buffer());
  new Uint32Array(table.buffer())[layout.used / 4] = 2;
  const socket = listen();
  const errors: NodeJS.ErrnoException[] = [];
  const bell = new Bell();
  const rung = bell.share() as number;
  const gates = new Gatekeeper(table, 0, bell.share(), (error) => errors.push(error));
  const came: number[] = [];
  gates.listen(socket.share(), GATE, (fd) => {
    came.push(fd);
    options.onConnection?.(fd);
  });
  onTestFinished(() => {
    gates.stop();
    closeFd(rung);
    bell.close();
    for (const fd of came) closeFd(fd);
  });
  return {
    table,
    view,
    socket,
    gates,
    errors,
    came,
    bell,
    /** As the watchdog does. */
    ring: () => writeSync(rung, new BigUint64Array([1n])),
    isOpen: () => (view.get(0, 'open') & (1 << GATE)) !== 0,
    shares: () => (view.get(0, 'shares') & (1 << GATE)) !== 0,
    /** Slot 1 becomes an idle worker that shares, and slot 0 one that has so many more connections. */
    ahead(by: number): void {
      view.set(1, 'shares', 1 << GATE);
      view.set(1, 'idle', 1);
      view.set(0, 'accepted', by);
      gates.withdraw(GATE, false); // to decide anew
    },
  };
}
