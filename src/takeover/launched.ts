import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { processFacts } from '../primary/process-facts.js';
import { hookingSpawn } from '../spawn-hook.js';
import type { Command } from './command.js';

/** What the launcher is told. */
export interface Launch {
  command: Command;
  env: NodeJS.ProcessEnv;
  /** So many descriptors from 3 on are for it. */
  fds: number;
}

export type LaunchReport = { pid: number } | { error: string } | { ended: string };

const LAUNCHER = fileURLToPath(new URL('./launcher.js', import.meta.url));

/** A process that is to outlive this one. It is started by another in between, which leaves when this one says so: to
 * systemd the main process of a service must be a child of its own, or a `systemctl stop` does not wait for it, but
 * kills (`main_pid_alien` in systemd's service.c). */
export class Launched {
  /** The other end of its descriptor 3. */
  readonly stream: Duplex;
  /** Its process id.
   * @throws Error where it cannot be started */
  readonly pid: Promise<number>;
  /** How it ended, in words. Never, once it has been let go. */
  readonly ended: Promise<string>;
  readonly #launcher: ChildProcess;
  readonly #launcherEnded: Promise<unknown>;
  #runs: number | undefined;

  /** @param fds its descriptors from 4 on; the caller's, who may close them at once
   * @throws the system's error where no process can be made */
  static async begin(command: Command, env: NodeJS.ProcessEnv, fds: readonly number[]): Promise<Launched> {
    // What NODE_OPTIONS asks for is for the program alone: an inspector's port can be had once.
    const { NODE_OPTIONS: _, ...own } = process.env;
    const stdio: StdioOptions = ['inherit', 'inherit', 'inherit', 'pipe', ...fds, 'ipc'];
    const launcher = hookingSpawn(
      () => {},
      () => spawn(process.execPath, [LAUNCHER], { env: own, stdio }),
    );
    if (launcher.pid === undefined) throw (await once(launcher, 'error'))[0];
    return new Launched(launcher, { command, env, fds: 1 + fds.length });
  }

  private constructor(launcher: ChildProcess, launch: Launch) {
    this.#launcher = launcher;
    this.stream = launcher.stdio[3] as Duplex;
    this.#launcherEnded = once(launcher, 'exit');
    let onEnd: (how: string) => void = () => {};
    this.ended = new Promise((resolve) => {
      onEnd = resolve;
    });
    this.pid = new Promise((resolve, reject) => {
      launcher.on('message', (report: LaunchReport) => {
        if ('error' in report) return reject(new Error(report.error));
        if ('ended' in report) {
          this.#runs = undefined;
          return onEnd(report.ended);
        }
        this.#runs = report.pid;
        resolve(report.pid);
      });
      launcher.once('exit', (code, signal) =>
        reject(new Error(`its launcher ended: ${signal ?? `exit code ${code}`}`)),
      );
    });
    this.pid.catch(() => {}); // whoever waits for it is told
    launcher.send(launch, () => {}); // it ends instead, which says more
  }

  /** Whether `ended` will say how it ended, late as that may come: the system ends a process's memory before it closes
   * its descriptors (do_exit() of kernel/exit.c). Only on Linux is that known. */
  isToEnd(): boolean {
    if (process.platform !== 'linux' || !this.#launcher.connected) return false;
    return this.#runs !== undefined && processFacts(this.#runs) === undefined;
  }

  /** It has the init process for its parent when this resolves, and `ended` says nothing any more. */
  async letGo(): Promise<void> {
    if (this.#launcher.connected) this.#launcher.disconnect();
    await this.#launcherEnded;
  }

  /** Ends it: what has not ended by itself within `grace` ms is sent SIGTERM, and `limit` ms later killed. Resolves when
   * it has ended. */
  async end(grace: number, limit: number): Promise<void> {
    await this.pid.catch(() => {});
    const timers = [
      setTimeout(() => this.#kill('SIGTERM'), grace),
      setTimeout(() => this.#kill('SIGKILL'), grace + limit),
    ];
    if (this.#runs !== undefined && this.#launcher.connected) {
      await Promise.race([this.ended, this.#launcherEnded]);
    }
    for (const timer of timers) clearTimeout(timer);
    this.#kill('SIGTERM'); // let go, and so nobody sees it end
    await this.letGo();
  }

  #kill(signal: NodeJS.Signals): void {
    if (this.#runs === undefined) return;
    try {
      process.kill(this.#runs, signal);
    } catch {
      this.#runs = undefined; // it has ended in this moment
    }
  }
}
