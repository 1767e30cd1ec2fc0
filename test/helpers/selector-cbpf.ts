import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GroupPolicy, ListenSocket, ListenSocketOptions } from '../../dist/binding.js';
import { NODE } from './fleet.ts';
import { acceptAll, addon, closing, connections, LOOPBACK, listen } from './native.ts';
import { eventually } from './requests.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/native/${name}`, import.meta.url));

export interface Choice {
  eligible: boolean;
  load?: number;
}

const closeAll = (fds: number[]): number => {
  for (const fd of fds) addon.closeFd(fd);
  return fds.length;
};

/** A reuseport group, and a selector for it by classic BPF. Member i has slot i. */
export class SelectedGroup {
  readonly sockets: ListenSocket[];
  readonly port: number;
  readonly #selector;

  constructor(count: number, policy: GroupPolicy, options: ListenSocketOptions = LOOPBACK) {
    const first = listen(options);
    first.allowReusePort();
    this.sockets = [first, ...Array.from({ length: count - 1 }, () => closing(first.member()))];
    this.port = first.address().port;
    this.#selector = this.another(policy);
  }

  /** A selector that knows of no other one. */
  another(policy: GroupPolicy) {
    const table = closing(new addon.LoadTable({ slots: 1 }));
    return closing(new addon.Selector(table, policy, 'cbpf', 1));
  }

  apply(choices: Choice[], selector = this.#selector): void {
    const members = choices.map(({ eligible, load = 0 }, i) => ({
      socket: this.sockets[i % this.sockets.length] as ListenSocket,
      ...{ slot: i, eligible, load },
    }));
    selector.apply(members);
  }

  /** So many connections: to whom they came. */
  async came(count: number): Promise<number[]> {
    const counts = this.sockets.map(() => 0);
    for (let left = count; left > 0; left -= 200) {
      const clients = await connections(Math.min(left, 200), this.port);
      const queued = () => this.sockets.reduce((sum, socket) => sum + socket.queueLength(), 0);
      await eventually(() => queued() === clients.length);
      this.sockets.forEach((socket, i) => {
        counts[i] = (counts[i] as number) + closeAll(acceptAll(socket));
      });
      for (const client of clients) client.resetAndDestroy();
    }
    return counts;
  }
}

export const all = (count: number, absent: number[] = []): Choice[] =>
  Array.from({ length: count }, (_, i) => ({ eligible: !absent.includes(i) }));

/** Pearson's statistic, over those that expect any. */
export function chiSquare(counts: number[], weights: number[]): number {
  const total = counts.reduce((sum, count) => sum + count);
  const whole = weights.reduce((sum, weight) => sum + weight);
  return weights
    .map((weight, i) => ((counts[i] as number) - (total * weight) / whole) ** 2 / ((total * weight) / whole))
    .filter((_, i) => (weights[i] as number) > 0)
    .reduce((sum, term) => sum + term);
}

export interface BySource {
  host: string;
  connectTo: string;
  seed: number;
  slots: number[];
  absent: number[];
  sources: string[];
}

/** The slots that connections come to, one from each of the sources. `within`: a command it runs in. */
export function chosenBySource(what: BySource, within: string[] = []): number[] {
  const [command, ...args] = [...within, NODE, fixture('chosen-by-source.mjs'), JSON.stringify(what)];
  const { status, stdout, stderr } = spawnSync(command as string, args, {
    encoding: 'utf8',
    timeout: 25_000,
  });
  if (status !== 0) throw new Error(`${status}: ${stderr}`);
  return JSON.parse(stdout);
}

/** A network of its own, where any address of fd00::/64 is the machine's. */
const NETWORK = [
  'ip link set lo up',
  'ip -6 route add local fd00::/64 dev lo',
  'echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind',
];

/** Makes it, and runs a command there, with what else is to be set; undefined where that is not allowed. */
export function ownNetwork(...settings: string[]): string[] | undefined {
  const script = [...NETWORK, ...settings, 'exec "$@"'].join(' && ');
  const isRoot = process.getuid?.() === 0;
  const command = ['unshare', isRoot ? '-n' : '-rn', 'sh', '-c', script, 'sh'];
  const { status } = spawnSync(command[0] as string, [...command.slice(1), 'true']);
  return status === 0 ? command : undefined;
}

export const clientsCommand = (port: number, count: number): [string, string[]] => [
  NODE,
  [fixture('clients.mjs'), String(port), String(count)],
];

/** What native/pick.h says of sources: compiled at once, for whoever the process becomes. */
export class Predictor {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-predict-'));
  readonly #binary = path.join(this.folder, 'predict');
  /** Without the sanitizer that test/asan.sh preloads. */
  readonly #env = { ...process.env, LD_PRELOAD: '' };

  constructor() {
    const flags = ['-std=c++17', '-O1', '-Wall', '-Wextra', '-Werror'];
    const compiler = process.env.CXX ?? 'g++';
    execFileSync(compiler, [...flags, fixture('predict-source.cc'), '-o', this.#binary], { env: this.#env });
    chmodSync(this.folder, 0o755);
  }

  slots({ seed, slots, absent, sources }: BySource): number[] {
    const eligible = slots.filter((slot) => !absent.includes(slot));
    const args = [seed, ...eligible].map(String);
    const input = `${sources.join('\n')}\n`;
    const printed = execFileSync(this.#binary, args, { input, encoding: 'utf8', env: this.#env });
    return printed.trim().split('\n').map(Number);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
