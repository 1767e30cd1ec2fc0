import { MAX_WORKERS, type Slot, SlotState } from '../load-table.js';

/** Slots of the load table that no worker has. The lowest is given first: who looks at all of them looks at
 * those that were ever used. */
export class FreeSlots {
  readonly #indexes = Array.from({ length: MAX_WORKERS }, (_, index) => index);

  /** Undefined when every slot has its worker. */
  take(): number | undefined {
    return this.#indexes.shift();
  }

  /** Its worker is gone, and whatever it wrote goes with it. */
  giveBack(slot: Slot): void {
    slot.begin();
    slot.state = SlotState.free;
    this.giveBackUnused(slot.index);
  }

  giveBackUnused(index: number): void {
    this.#indexes.push(index);
    this.#indexes.sort((a, b) => a - b);
  }
}
