import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isRunning } from './requests.ts';

let count = 0;

/** Network namespaces joined by a bridge, which is in the first one: as many machines, of addresses 10.0.0.10 and on.
 * Nothing of them is seen from the network of this process. Gone when disposed of, once what runs in them has ended. */
export class Machines implements Disposable {
  readonly #names: string[] = [];

  /** @throws Error where they cannot be had */
  constructor(machines: number) {
    removeForgotten();
    const prefix = `evenkeel-${process.pid}-${count++}`;
    try {
      for (let i = 0; i < machines; i++) this.#add(`${prefix}-${i}`);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Runs the command after it, in its place, on a machine. A `stat` there is what /proc/stat is: of a machine's CPUs
   * everybody else on this one would be seen, too. */
  on(machine: number, stat?: string): string[] {
    const enter = ['ip', 'netns', 'exec', this.#names[machine] as string];
    if (stat === undefined) return enter;
    writeFileSync(stat, readFileSync('/proc/stat')); // its clocks stand
    // `ip netns exec` has made a mount namespace, from which nothing comes back here.
    return [...enter, 'sh', '-c', 'mount --bind "$0" /proc/stat && exec "$@"', stat];
  }

  [Symbol.dispose](): void {
    for (const name of this.#names.splice(0)) ip('netns', 'del', name);
  }

  #add(name: string): void {
    ip('netns', 'add', name);
    const i = this.#names.push(name) - 1;
    const first = this.#names[0] as string;
    ip('-n', name, 'link', 'set', 'lo', 'up');
    if (i === 0) ip('-n', first, 'link', 'add', 'eth0', 'type', 'bridge');
    else {
      ip('-n', first, 'link', 'add', `port${i}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      ip('-n', first, 'link', 'set', `port${i}`, 'master', 'eth0', 'up');
    }
    ip('-n', name, 'addr', 'add', `10.0.0.${10 + i}/24`, 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
  }
}

/** Those of a process that was killed, and could not. */
function removeForgotten(): void {
  const folder = '/run/netns';
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const pid = Number(/^evenkeel-(\d+)-\d+-\d+$/.exec(name)?.[1]);
    if (pid > 0 && !isRunning(pid)) spawnSync('ip', ['netns', 'del', name]); // or another test was faster
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Why there are no machines here, or no haproxy on them; undefined where there are. */
export function whyNoHaproxy(): string | undefined {
  const { error, status } = spawnSync('haproxy', ['-v']);
  if (error !== undefined || status !== 0) return `haproxy: ${error?.message ?? `exit status ${status}`}`;
  try {
    using machines = new Machines(2);
    execFileSync('sh', ['-c', 'exec "$@"', 'sh', ...machines.on(1), 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (reason) {
    return `network namespaces: ${(reason as Error).message}`;
  }
}
