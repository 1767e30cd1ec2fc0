import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fixture, NODE } from '../helpers/fleet.ts';
import { refused } from '../helpers/selector-ebpf.ts';

const CAP_BPF = 1n << 39n;
const NOBODY = '65534';
const POLICIES = ['round-robin', 'least-connections'];
const MEMBERS = 4;
const CONNECTIONS = 40;

/** What selects.mjs prints, started by `command`. */
function selects(command: string[], policy: string) {
  const [file, ...args] = [...command, NODE, fixture('native/selects.mjs')] as [string, ...string[]];
  args.push(policy, String(MEMBERS), String(CONNECTIONS));
  return JSON.parse(execFileSync(file, args, { encoding: 'utf8', timeout: 20_000 }));
}

/** Nobody, with these capabilities and no other. */
function nobodyWith(...capabilities: string[]): string[] {
  const set = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  const sets = ['--inh-caps', '--ambient-caps', '--bounding-set'].map((option) => `${option}=${set}`);
  return ['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', ...sets];
}

function whyNot(command: string[]): string | undefined {
  const [file, ...args] = command as [string, ...string[]];
  const { status, error, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

const script = fixture('native/selects.mjs');
const noNobody = whyNot([...nobodyWith(), 'test', '-r', script, '-a', '-x', NODE]);
if (noNobody !== undefined)
  console.warn(`SKIPPED: what nobody may (${noNobody || 'cannot read this folder'})`);

describe.skipIf(noNobody !== undefined).each(POLICIES)('nobody, %s', (policy) => {
  test.skipIf(refused !== undefined)('with CAP_BPF alone: it works', () => {
    const result = selects(nobodyWith('bpf'), policy);
    expect(BigInt(`0x${result.capabilities}`)).toBe(CAP_BPF);
    expect(result).toMatchObject({ uid: Number(NOBODY), fallbacks: 0, queues: Array(MEMBERS).fill(10) });
  });

  test('with no capability: EPERM', () => {
    expect(selects(nobodyWith(), policy)).toEqual({ error: { code: 'EPERM', errno: -1, syscall: 'bpf' } });
  });
});

const COOKIES = '/proc/sys/net/ipv4/tcp_syncookies';
const ALWAYS = 2;
const ownNetwork = [
  'unshare',
  '--net',
  'sh',
  '-c',
  `ip link set lo up && echo ${ALWAYS} >${COOKIES} && "$@"`,
];
const noCookies = existsSync(COOKIES) ? whyNot([...ownNetwork, 'sh', 'true']) : 'the kernel has none';
if (noCookies !== undefined) console.warn(`SKIPPED: SYN cookies (${noCookies})`);

describe.skipIf(refused !== undefined || noCookies !== undefined)('SYN cookies', () => {
  test.each(POLICIES)('%s: the ACKs go round', (policy) => {
    const { queues, assigned, fallbacks } = selects([...ownNetwork, 'sh'], policy);
    expect(queues).toEqual(Array(MEMBERS).fill(10));
    // Each counts once, if not for who has it in the end.
    const counted = policy === 'least-connections' ? 10 : 0;
    expect(assigned).toEqual(Array(MEMBERS).fill(counted));
    expect(fallbacks).toBe(0);
  });
});
