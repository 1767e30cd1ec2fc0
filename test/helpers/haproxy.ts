import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { eventually } from './requests.ts';

/** A line of `show stat`. */
export interface ServerStats {
  /** UP, DRAIN, DOWN, …, as the statistics page has it. */
  status: string;
  /** What it weighs now. */
  weight: number;
  /** How often it was chosen. */
  chosen: number;
  /** What became of the agent's last check; L7OK where it said something that is understood. */
  agent: string;
}

const EXAMPLE = new URL('../../examples/haproxy.cfg', import.meta.url);

/** haproxy, with the configuration of the example. Its front and its statistics are Unix sockets in `folder`, which are
 * reached from every network. */
export class Haproxy implements AsyncDisposable {
  readonly front: string;
  readonly #stats: string;
  readonly #process: ChildProcess;
  #said = '';

  constructor(folder: string, before: readonly string[]) {
    this.front = path.join(folder, 'front');
    this.#stats = path.join(folder, 'stats');
    const config = path.join(folder, 'haproxy.cfg');
    const example = readFileSync(EXAMPLE, 'utf8');
    const ours = replace(example, 'bind :80', `bind unix@${this.front}`);
    writeFileSync(config, replace(ours, '/run/haproxy/admin.sock', this.#stats));
    const command = [...before, 'haproxy', '-db', '-f', config];
    this.#process = spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
      });
    }
  }

  /** Resolves when every server is up, and every agent has been heard. */
  async ready(): Promise<void> {
    await eventually(async () => {
      if (this.#process.exitCode !== null) throw new Error(`haproxy ended: ${this.#said}`);
      const servers = await this.servers().catch(() => undefined); // it does not listen yet
      return (
        servers !== undefined &&
        [...servers.values()].every(({ status, agent }) => status === 'UP' && agent === 'L7OK')
      );
    });
  }

  async servers(): Promise<Map<string, ServerStats>> {
    const [header = '', ...lines] = (await this.#ask('show stat')).trim().split('\n');
    const names = header.replace(/^# /, '').split(',');
    const servers = new Map<string, ServerStats>();
    for (const line of lines) {
      const values = line.split(',');
      const field = (name: string): string => values[names.indexOf(name)] ?? '';
      if (field('type') !== '2') continue; // no server
      servers.set(field('svname'), {
        status: field('status'),
        weight: Number(field('weight')),
        chosen: Number(field('lbtot')),
        agent: field('agent_status'),
      });
    }
    return servers;
  }

  async server(name: string): Promise<ServerStats> {
    const found = (await this.servers()).get(name);
    if (found === undefined) throw new Error(`haproxy has no server ${name}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'close');
  }

  async #ask(command: string): Promise<string> {
    const socket = net.connect(this.#stats);
    socket.write(`${command}\n`);
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    return text;
  }
}

function replace(text: string, what: string, by: string): string {
  const parts = text.split(what);
  if (parts.length < 2) throw new Error(`the example has no '${what}'`);
  return parts.join(by);
}
