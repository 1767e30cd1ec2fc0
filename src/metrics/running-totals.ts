/** Counts of processes that begin at 0 with each of them, as one that only grows, by the place they have. */
export class RunningTotals {
  /** By place: the sum of those that have ended. */
  readonly #ended = new Map<number, number>();
  /** By process: what it was last seen at. */
  readonly #running = new Map<number, { place: number; count: number }>();

  observe(place: number, process: number, count: number): void {
    this.#running.set(process, { place, count });
  }

  /** The process has ended. */
  end(process: number): void {
    const last = this.#running.get(process);
    if (last === undefined) return;
    this.#running.delete(process);
    this.#ended.set(last.place, (this.#ended.get(last.place) ?? 0) + last.count);
  }

  /** By place. */
  totals(): Map<number, number> {
    const totals = new Map(this.#ended);
    for (const { place, count } of this.#running.values()) {
      totals.set(place, (totals.get(place) ?? 0) + count);
    }
    return totals;
  }
}
