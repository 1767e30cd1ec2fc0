/** One thing after another, whatever became of the one before. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  /** Something is done, or waits for its turn. */
  get isBusy(): boolean {
    return this.#count > 0;
  }

  /** Resolves or rejects as `action` does, when its turn has come. */
  take<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#count++;
    this.#last = turn.then(
      () => this.#count--,
      () => this.#count--,
    );
    return turn;
  }
}
