/** The time between a fleet's saying that it stops and its stopping, in which load balancers hear of it. */
export class PreStopDelay {
  #over: Promise<void> | undefined;
  #end: () => void = () => {};

  /** Resolves after so many ms, or at end(). Further calls wait for the first one's end. */
  wait(ms: number): Promise<void> {
    this.#over ??= new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return this.#over;
  }

  end(): void {
    this.#end();
  }
}
