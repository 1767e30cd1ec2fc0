/** Bits of a slot's `shares`; see native/slot.h. */
export const GATES = 32;

/** The numbers of the gated listeners, each of one listener at a time. A number given back is the last to
 * be used again: a worker that is late to leave may still stand in the load table under it. */
export class GateNumbers {
  readonly #free = Array.from({ length: GATES }, (_, number) => number);

  /** The number to take next; undefined when all are in use. */
  next(): number | undefined {
    return this.#free[0];
  }

  take(number: number): void {
    const index = this.#free.indexOf(number);
    if (index >= 0) this.#free.splice(index, 1);
  }

  giveBack(number: number): void {
    this.#free.push(number);
  }
}
