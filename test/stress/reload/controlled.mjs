import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControlClient } from '../../../dist/control/client.js';

const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const NAME = 'controlled';

/** A fleet of the command line's, told what to do by its control socket: also when another process has that. */
export class Controlled {
  status;
  #folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-control-'));

  /** @param {object} options of start()
   * @param {Record<string, string>} env */
  static async start({ exec, args, workers, strategy, listenTimeout }, env = {}) {
    const fleet = new Controlled();
    process.env.XDG_RUNTIME_DIR = fleet.#folder;
    const flags = ['-w', workers, '-s', strategy, '--listen-timeout', listenTimeout, '--name', NAME];
    const child = spawn(process.execPath, [CLI, ...flags.map(String), exec, '--', ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.setEncoding('utf8');
    for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
      if (/workers ready/.test(text)) break;
    }
    child.stdout.resume();
    await fleet.tell('status');
    return fleet;
  }

  get port() {
    return this.status.listeners[0].port;
  }

  /** @throws what the fleet says */
  async tell(command) {
    const client = await ControlClient.connect(NAME);
    const answer = await client.request({ command });
    client.close();
    this.status = await this.#ask('status');
    if (command === 'upgrade' && this.status.pid !== answer.pid) {
      throw new Error(`process ${this.status.pid} answers, not ${answer.pid}`);
    }
    return answer;
  }

  async close() {
    await this.#ask('stop', { force: true }).catch((error) => {
      if (error.code !== 'ERR_NO_ANSWER') throw error; // it has ended already
    });
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** As soon as there is one to ask: the one that takes over opens its socket then. */
  async #ask(command, more) {
    for (let tries = 1; ; tries++) {
      try {
        const client = await ControlClient.connect(NAME);
        const answer = await client.request({ command, ...more });
        client.close();
        return answer;
      } catch (error) {
        if (error.code !== 'ERR_NO_FLEET' || tries === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}
