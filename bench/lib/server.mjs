// One contestant as running processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from './eventually.mjs';
import { onServerCpus } from './placement.mjs';
import { isAlive, tree } from './processes.mjs';
import { clientsFor } from './scale.mjs';
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
  #begun;
  #ready = new Map(); // pid: when, in ms from the start
  #warm = new Set();

  constructor(contestant, port, { node, workers }) {
    this.id = contestant.id;
    this.port = port;
    this.size = contestant.isAlone ? 1 : workers;
    this.clients = clientsFor(workers); // while it is warmed
    this.scheme = contestant.isTls ? 'https' : 'http';
    /** For what it needs on disk; gone with it. */
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-bench-'));
    const given = { PORT: String(port), WORKERS: String(workers), BENCH_FOLDER: this.folder };
    const env = { ...process.env, ...contestant.env, ...given };
    const stdio = ['ignore', 'pipe', 'pipe'];
    const program = [contestant.node ?? node, ...contestant.args(workers)];
    const [command, ...args] = [...onServerCpus, ...(contestant.before ?? []), ...program];
    this.#begun = performance.now();
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
    return [...this.#ready.keys()].filter(isAlive);
  }

  /** When the workers came to listen, in ms from the start, in that order. */
  get readyAfter() {
    return this.workers.map((pid) => this.#ready.get(pid));
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

  /** Loads the server until the JIT compiler has done its work in every worker. With TLS on connections that are
   * kept: so many handshakes would take half a minute, and little of one is JavaScript. */
  async warmUp() {
    const { clients, scheme } = this;
    const isCold = (pid) => !this.#warm.has(pid);
    for (let second = 0; this.workers.some(isCold); second++) {
      if (second === 60 + this.size)
        throw new Error(`${this.id}: a worker gets too few connections to become warm`);
      await wrk(this.port, 1, { clients, scheme, keepAlive: scheme === 'https' });
    }
  }

  kill() {
    running.delete(this);
    try {
      process.kill(-this.process.pid, 'SIGKILL');
    } catch {} // all gone
    // They may still be about to die, and write.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async stop() {
    const { exitCode, signalCode, pid } = this.process;
    const exited = exitCode === null && signalCode === null && pid ? once(this.process, 'exit') : undefined;
    this.kill();
    await exited;
  }

  #onLine(line) {
    const [, what, pid] = /^(ready|warm) (\d+)$/.exec(line) ?? [];
    if (what === 'ready') this.#ready.set(Number(pid), performance.now() - this.#begun);
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
