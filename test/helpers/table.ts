import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { LayoutField } from '../../dist/binding.js';
import { TableView } from './gatekeeper.ts';
import { addon } from './native.ts';

/** The fields of a slot that tests look at. */
export interface SlotView {
  state: number;
  pid: number;
  shares: number;
  open: number;
  active: number;
  accepted: number;
  untaken: number;
  depth: number;
}

/** A running fleet's load table, as a file; `pid`: the primary's. */
export function tablePath(pid: number): string {
  const tables = readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    const path = `/proc/${pid}/fd/${name}`;
    try {
      return readlinkSync(path).includes('evenkeel-load-table') ? [{ path, size: statSync(path).size }] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
  // What capabilities.ts tried is smaller.
  const [table] = tables.sort((a, b) => b.size - a.size);
  if (table === undefined) throw new Error(`process ${pid} has no load table`);
  return table.path;
}

/** The slots a running fleet has used so far, as they are now; `pid`: the primary's. */
export function slotsOf(pid: number): SlotView[] {
  const { buffer } = new Uint8Array(readFileSync(tablePath(pid)));
  const view = new TableView(buffer);
  const { headerSize, slotSize } = addon.layout;
  const all = (buffer.byteLength - headerSize) / slotSize; // there may be any number in `used`
  const used = Math.min(all, new Uint32Array(buffer)[addon.layout.used / 4] ?? 0);
  return Array.from({ length: used }, (_, slot) => {
    const get = (field: LayoutField) => view.get(slot, field);
    const accepted = get('accepted');
    const active = (accepted - get('closed')) | 0;
    return {
      state: get('state'),
      pid: get('pid'),
      shares: get('shares'),
      open: get('open'),
      active,
      accepted,
      untaken: (get('adjust') - get('taken')) >>> 0,
      depth: get('depth'),
    };
  });
}

/** How uneven numbers are: the largest over the mean. */
export function unevenness(numbers: number[]): number {
  return Math.max(...numbers) / (numbers.reduce((sum, number) => sum + number, 0) / numbers.length);
}
