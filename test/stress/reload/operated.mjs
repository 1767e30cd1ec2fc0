import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../fixtures/library/operated.mjs', import.meta.url));

/** A fleet as a process of its own that does what it is told. Killed, with its workers, by close(). */
export class Operated {
  status;
  #process;
  #exited;

  /** @param {object} options of start()
   * @param {Record<string, string>} env */
  static async start(options, env = {}) {
    const fleet = new Operated();
    fleet.#process = fork(PROGRAM, [JSON.stringify(options)], {
      env: { ...process.env, ...env },
      execArgv: ['--expose-gc'],
    });
    fleet.#exited = once(fleet.#process, 'exit');
    await fleet.#answer('ready');
    return fleet;
  }

  get port() {
    return this.status.listeners[0].port;
  }

  /** @throws what the fleet threw */
  async tell(what) {
    this.#process.send(what);
    return this.#answer(what);
  }

  async close() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill('SIGKILL');
    await this.#exited;
  }

  async #answer(what) {
    const ended = this.#exited.then(([code, signal]) => {
      throw new Error(`the primary ended: ${signal ?? code}`);
    });
    ended.catch(() => {}); // it may end later
    for (;;) {
      const [{ said, error, status }] = await Promise.race([once(this.#process, 'message'), ended]);
      if (said !== what) continue;
      this.status = status;
      if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code });
      return status;
    }
  }
}
