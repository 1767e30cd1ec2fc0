// One contestant as running processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { eventually } from './eventually.mjs';
import { isAlive, tree } from './processes.mjs';
import { wrk } from './wrk.mjs';

const running = new Set();
const LINES_KEPT = 20;

// A server is a process group of its own, and the whole group is killed: a worker that is stopped or blocked
// would outlive its primary.
process.on('exit', () => {
  for (const server of running) server.kill();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => process.exit(130)); // with the 'exit' listener above
}

export class Server {
  #lines = [];
  #ready = new Set();
  #warm = new Set();

  constructor(contestant, port, { node, workers }) {
    this.id = contestant.id;
    this.port = port;
    this.size = contestant.isAlone ? 1 : workers;
    const env = { ...process.env, ...contestant.env, PORT: String(port), WORKERS: String(workers) };
    const stdio = ['ignore', 'pipe', 'pipe'];
    const [command, ...args] = [...(contestant.before ?? []), node, ...contestant.args(workers)];
    this.process = spawn(command, args, { env, stdio, detached: true });
    running.add(this);
    for (const input of [this.process.stdout, this.process.stderr]) {
      createInterface({ input }).on('line', (line) => this.#onLine(line));
    }
  }

  /** Runs a contestant; resolves when every worker listens.
   * @param {{node: string, workers: number}} options */
  static async start(contestant, options) {
    const server = new Server(contestant, await freePort(), options);
    try {
      await server.allReady();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** The processes that serve, by pid, in the order in which they came to listen. */
  get workers() {
    return [...this.#ready].filter(isAlive);
  }

  /** All processes, the primary too. */
  get pids() {
    return tree(this.process.pid);
  }

  allReady() {
    return eventually(`${this.id} serves`, () => {
      const { exitCode, signalCode } = this.process;
      if (exitCode === null && signalCode === null) return this.workers.length === this.size;
      throw new Error(`${this.id} ended (${exitCode ?? signalCode}): ${this.#lines.join('\n')}`);
    });
  }

  /** Loads the server until the JIT compiler has done its work in every worker. */
  async warmUp() {
    const isCold = (pid) => !this.#warm.has(pid);
    for (let second = 0; this.workers.some(isCold); second++) {
      if (second === 60) throw new Error(`${this.id}: a worker gets too few connections to become warm`);
      await wrk(this.port, 1);
    }
  }

  kill() {
    running.delete(this);
    try {
      process.kill(-this.process.pid, 'SIGKILL');
    } catch {} // all gone
  }

  async stop() {
    const { exitCode, signalCode, pid } = this.process;
    const exited = exitCode === null && signalCode === null && pid ? once(this.process, 'exit') : undefined;
    this.kill();
    await exited;
  }

  #onLine(line) {
    const [, what, pid] = /^(ready|warm) (\d+)$/.exec(line) ?? [];
    if (what === 'ready') this.#ready.add(Number(pid));
    else if (what === 'warm') this.#warm.add(Number(pid));
    else this.#lines = [...this.#lines, line].slice(-LINES_KEPT);
  }
}

/** Below the ports the kernel gives to clients: one of those could be a client's when the server wants it. */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const probe = net.createServer().listen(port);
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    probe.close();
    if (isFree) return port;
  }
}
