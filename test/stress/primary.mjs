import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { descriptorsOf } from './inside.mjs';

const PROGRAM = fileURLToPath(new URL('../fixtures/stress/primary.mjs', import.meta.url));

/** The fleet under stress, a process of its own. Killed, with its workers, by close(). */
export class Primary {
  /** As it last said; undefined until all workers are ready. */
  status;
  /** Warnings and errors, `{level, message}` each. */
  said = [];
  exited;
  #process;

  /** `node`: the Node it runs on; `trace`: the file its workers write to, see fixtures/stress/server.mjs. */
  constructor({ strategy, policy, workers, trace, node }) {
    this.#process = fork(PROGRAM, [strategy, policy, String(workers)], {
      execPath: node,
      env: { ...process.env, TRACE: trace },
    });
    this.exited = once(this.#process, 'exit').then(([code, signal]) => ({ code, signal }));
    this.#process.on('message', ({ status, said }) => {
      if (said !== undefined) this.said.push(said);
      if (status !== undefined) this.status = status;
    });
  }

  get port() {
    return this.status.listeners[0].port;
  }

  /** In the order of their seats. */
  get workers() {
    return this.status?.workers ?? [];
  }

  get descriptors() {
    return descriptorsOf(this.#process.pid);
  }

  /** Asks anew; `status` follows. */
  ask() {
    this.block(0);
  }

  /** Keeps its loop from turning for `ms`. */
  block(ms) {
    if (this.#process.connected) this.#process.send(ms, () => {}); // it may be ending
  }

  get isRunning() {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Sends SIGTERM and waits for the end: `{code, signal}`; null where it does not end within `limit` ms. */
  async stop(limit) {
    this.#process.kill('SIGTERM');
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, limit, null);
    });
    const exit = await Promise.race([this.exited, late]);
    clearTimeout(timer);
    return exit;
  }

  async close() {
    if (this.isRunning) this.#process.kill('SIGKILL');
    await this.exited;
  }
}
