import { binding, type NativeLoadTable } from './binding.js';

/** More workers than this are refused: one slot each in the load table. */
export const MAX_WORKERS = 256;

export const SlotState = { free: 0, starting: 1, ready: 2, draining: 3 } as const;

/** A worker's load as its slot says. Counters are of this worker's life. */
export interface Load {
  /** Connections open now. */
  active: number;
  /** Connections begun. */
  accepted: number;
  /** Connections sent by the primary and not yet taken; with `reuse-port`, see native/slot.h, not that alone. */
  untaken: number;
  /** Loop stamp, ns of CLOCK_MONOTONIC: when the worker's loop last turned. */
  stamp: bigint;
  /** Its loop sleeps: the stamp says since when. */
  isIdle: boolean;
}

/** One slot of the load table. Every field has one writer; see native/load_table.h. */
export class Slot {
  readonly index: number;
  readonly #u32: Uint32Array;
  readonly #stamp: BigUint64Array;
  readonly #used: Uint32Array;
  readonly #idle: number;
  // The writer's own counts: what somebody else scribbles over the table is gone with the next store.
  #accepted = 0;

  constructor(table: NativeLoadTable, index: number) {
    const { layout } = binding();
    if (index < 0 || index >= table.slots()) throw new RangeError(`no slot ${index} in the load table`);
    this.index = index;
    const base = layout.headerSize + index * layout.slotSize;
    this.#u32 = new Uint32Array(table.buffer(), base, layout.slotSize / 4);
    this.#stamp = new BigUint64Array(table.buffer(), base + layout.stamp, 1);
    this.#used = new Uint32Array(table.buffer(), layout.used, 1);
    this.#idle = layout.idle / 4;
  }

  /** Primary: a new worker begins. */
  begin(): void {
    this.#u32.fill(0);
    this.#used[0] = Math.max(this.#used[0] ?? 0, this.index + 1);
    this.#set('state', SlotState.starting);
  }

  /** Primary. */
  set state(state: number) {
    this.#set('state', state);
  }

  /** Primary. */
  set pid(pid: number) {
    this.#set('pid', pid);
  }

  /** Worker: a connection began. */
  countAccepted(): void {
    this.#set('accepted', ++this.#accepted);
  }

  /** Worker: work begins that may keep its loop from turning. The loop marks it idle again. */
  markBusy(): void {
    this.#u32[this.#idle] = 0;
  }

  /** Worker: so many are open. */
  set active(active: number) {
    this.#set('accepted', this.#accepted);
    this.#set('closed', this.#accepted - active);
  }

  read(): Load {
    // In this order: what ends in between is not counted as less than nothing.
    const closed = this.#get('closed');
    const accepted = this.#get('accepted');
    const taken = this.#get('taken');
    return {
      active: (accepted - closed) >>> 0,
      accepted,
      untaken: (this.#get('adjust') - taken) >>> 0,
      stamp: this.#stamp[0] ?? 0n,
      isIdle: this.#u32[this.#idle] !== 0,
    };
  }

  #get(field: 'state' | 'adjust' | 'taken' | 'accepted' | 'closed' | 'pid'): number {
    return this.#u32[binding().layout[field] / 4] ?? 0;
  }

  #set(field: 'state' | 'accepted' | 'closed' | 'pid', value: number): void {
    this.#u32[binding().layout[field] / 4] = value;
  }
}
