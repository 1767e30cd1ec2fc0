import { spawnSync } from 'node:child_process';
import { CLI, fixture, NODE } from './fleet.ts';
import { refused } from './selector-ebpf.ts';

const NOBODY = '65534';

/** As whom a fleet runs, and what the kernel lets it choose with then. */
export interface Privilege {
  name: string;
  /** Runs the command after it as such. */
  before: readonly string[];
  mechanism: 'ebpf' | 'cbpf';
}

/** Nobody, with these capabilities and no other. */
function nobodyWith(...capabilities: string[]): string[] {
  const set = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  const sets = ['--inh-caps', '--ambient-caps', '--bounding-set'].map((option) => `${option}=${set}`);
  return ['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', ...sets];
}

function whyNot(command: string[]): string | undefined {
  const [file, ...args] = [...command, 'test', '-r', fixture('http-hello.mjs'), '-a', '-r', CLI];
  const { status, error, stderr } = spawnSync(file as string, [...args, '-a', '-x', NODE], {
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim() || 'cannot read this folder');
}

function find(): Privilege[] {
  const asWeAre = {
    name: 'as we are',
    before: [],
    mechanism: refused === undefined ? 'ebpf' : 'cbpf',
  } as const;
  if (refused !== undefined) console.warn(`SKIPPED: fleets with eBPF (${refused})`);
  const found: Privilege[] = [asWeAre];
  const nobody = { name: 'as nobody', before: nobodyWith(), mechanism: 'cbpf' } as const;
  const capable = { name: 'as nobody with CAP_BPF', before: nobodyWith('bpf'), mechanism: 'ebpf' } as const;
  for (const one of [nobody, capable]) {
    const obstacle = (one === capable ? refused : undefined) ?? whyNot(one.before);
    if (obstacle === undefined) found.push(one);
    else console.warn(`SKIPPED: fleets ${one.name} (${obstacle})`);
  }
  return found;
}

/** Those that can be had here; what cannot is said. */
export const PRIVILEGES: readonly Privilege[] = find();

/** One for each mechanism. */
export const MECHANISMS: readonly Privilege[] = PRIVILEGES.filter(
  ({ mechanism }, i) => PRIVILEGES.findIndex((one) => one.mechanism === mechanism) === i,
);

/** Those policies of `reuse-port` that whoever has this privilege can have. */
export function policiesOf({ mechanism }: Privilege): string[] {
  const all = ['least-connections', 'random', 'hash', 'source-hash'];
  return mechanism === 'ebpf' ? ['round-robin', ...all] : all;
}
