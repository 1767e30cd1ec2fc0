import type { Listener } from './listener.js';

/** Listeners no worker listens on any more, each kept open for a while for the next one: so a restart refuses
 * nobody. */
export class Orphans {
  readonly #timeout: number;
  readonly #onTimeout: (listener: Listener) => void;
  readonly #timers = new Map<Listener, NodeJS.Timeout>();

  /** `timeout` in ms; does not keep the process alive. */
  constructor(timeout: number, onTimeout: (listener: Listener) => void) {
    this.#timeout = timeout;
    this.#onTimeout = onTimeout;
  }

  add(listener: Listener): void {
    if (this.#timers.has(listener)) return;
    const timer = setTimeout(() => this.#onTimeout(listener), this.#timeout);
    timer.unref();
    this.#timers.set(listener, timer);
  }

  /** A worker listens on it again, or it is closed. */
  remove(listener: Listener): void {
    clearTimeout(this.#timers.get(listener));
    this.#timers.delete(listener);
  }
}
