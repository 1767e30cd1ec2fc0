import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLI, fixture, NODE, REGISTER } from '../helpers/fleet.ts';
import { PRIVILEGES } from '../helpers/privileges.ts';
import { Held, sharing } from '../helpers/reuse-port.ts';

// What kernel port sharing is, under what a fleet may.

const REMEDY = /does not have CAP_BPF\. To have it, grant CAP_BPF: AmbientCapabilities=CAP_BPF in a systemd/;

interface Rung {
  mechanism: string;
  verdict: string;
  why: string;
}

/** What a process has of eBPF. */
function bpfOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const what = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return /bpf/.test(what) ? [what] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

describe.each(PRIVILEGES)('$name', (privilege) => {
  const { before, mechanism } = privilege;
  const isExact = mechanism === 'ebpf';
  const cli = [...before, NODE, CLI] as [string, ...string[]];
  const explained = (...args: string[]) => {
    const [file, ...rest] = [...cli, 'explain', '--json', '-s', 'reuse-port', ...args];
    return JSON.parse(execFileSync(file as string, rest, { encoding: 'utf8' }));
  };

  test('explain: with what the kernel chooses, and what is against the rest', () => {
    const { mechanism: chosen, reasons } = explained('-p', 'least-connections');
    expect(chosen).toBe(mechanism);
    const rungs = (policy: string): Rung[] =>
      reasons.find((one: Record<string, string>) => one.strategy === 'reuse-port' && one.policy === policy)
        .mechanisms;
    const ebpf = { mechanism: 'ebpf', verdict: isExact ? 'chosen' : 'unsupported' };
    const cbpf = { mechanism: 'cbpf', verdict: isExact ? 'possible' : 'chosen' };
    expect(rungs('least-connections')).toMatchObject([ebpf, cbpf]);
    expect(rungs('round-robin')).toMatchObject([
      { mechanism: 'ebpf', verdict: isExact ? 'possible' : 'unsupported' },
    ]);
    const [first] = rungs('least-connections');
    if (before.length > 0 && !isExact) expect(first?.why).toMatch(REMEDY);
  });

  test('the log says it when a fleet starts', async () => {
    await using fleet = sharing('http-hello.mjs', 1, 'least-connections', privilege);
    await fleet.ready();
    const line = fleet.log.find(({ strategy }) => strategy === 'reuse-port');
    expect(line).toMatchObject({ policy: 'least-connections', mechanism });
    const name = isExact ? 'eBPF' : 'classic BPF';
    expect(line?.msg).toContain(
      `strategy reuse-port, policy least-connections, by ${name}: the kernel gives`,
    );
    if (isExact) expect(line?.msg).not.toContain('; not by');
    else if (before.length > 0) expect(line?.msg).toMatch(REMEDY);
  });

  if (!isExact)
    test('round robin is refused, with the remedy', () => {
      const [file, ...rest] = [...cli, fixture('http-hello.mjs'), '-s', 'reuse-port', '-p', 'round-robin'];
      const { status, stdout, stderr } = spawnSync(file as string, rest, {
        encoding: 'utf8',
        timeout: 10_000,
      });
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(
        /^evenkeel: cannot run strategy reuse-port with policy round-robin here: needs eBPF/,
      );
      expect(stderr).toMatch(/\[ERR_UNSUPPORTED\]\n$/);
      if (before.length > 0) expect(stderr).toMatch(REMEDY);
    });

  test.each(isExact ? ['least-connections', 'round-robin'] : ['least-connections'])(
    '%s: programs and maps are open in the primary, if anywhere, and in no worker',
    async (policy) => {
      await using fleet = sharing('tcp-pid.mjs', 3, policy, privilege);
      const held = new Held(await fleet.ready());
      await held.add(30);
      const workers = held.pids();
      expect(workers.length).toBeGreaterThan(1);
      for (const pid of workers) expect(bpfOf(pid)).toEqual([]);
      const kinds = new Set(bpfOf(fleet.process.pid as number));
      expect(kinds).toEqual(new Set(isExact ? ['anon_inode:bpf-map', 'anon_inode:bpf-prog'] : []));
    },
  );

  test("node:cluster's own application, by --import: connections held spread over its workers", () => {
    const env = { ...process.env, EVENKEEL_STRATEGY: 'reuse-port', EVENKEEL_POLICY: 'least-connections' };
    const [file, ...rest] = [...before, NODE, '--import', REGISTER, fixture('cluster-held.mjs')];
    const counts = JSON.parse(execFileSync(file as string, rest, { encoding: 'utf8', env, timeout: 10_000 }));
    expect(counts.length).toBe(3);
    if (isExact) expect(counts).toEqual([10, 10, 10]);
  });
});
