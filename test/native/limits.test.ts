import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fixture, NODE } from '../helpers/fleet.ts';
import { connections } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

// What the system refuses: each in a process of its own, which has the limit or lacks the right.

/** Both limits: Node would raise the soft one to the hard one. */
const FEW = ['-c', 'ulimit -n 64; exec "$@"', 'sh', NODE];

describe('no descriptor is left (EMFILE)', () => {
  const run = () =>
    JSON.parse(execFileSync('sh', [...FEW, fixture('native/no-descriptors-left.mjs')], { encoding: 'utf8' }));
  const emfile = (syscall: string) => ({ code: 'EMFILE', errno: -24, syscall, left: 0 });

  test('everything that needs one says so by its call, and closes what it had', () => {
    const { none, one, many } = run();
    expect(none).toEqual({
      ListenSocket: emfile('socket'),
      'ListenSocket without a host': emfile('socket'),
      member: emfile('socket'),
      share: emfile('fcntl'),
      Channel: emfile('socketpair'),
      Lane: emfile('socketpair'),
      LoadTable: emfile('memfd_create'),
      'table share': emfile('fcntl'),
      unboundSocket: emfile('socket'),
    });
    expect(one).toEqual({ Channel: emfile('socketpair') });
    for (const [name, outcome] of Object.entries(many)) expect(outcome, name).toEqual({ done: true });
  });

  test('a probe that fails leaves no socket open', () => {
    const file = fixture('native/probes-without-descriptors.mjs');
    const left = JSON.parse(execFileSync('sh', [...FEW, file], { encoding: 'utf8' }));
    expect(left).toEqual(Array(16).fill(0));
  });

  test('an acceptor says so, waits instead of spinning, and loses nobody', async () => {
    const child = spawn('sh', [...FEW, fixture('native/accepts-without-descriptors.mjs')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const reports: { code?: string; came?: true; at: number }[] = [];
    const [{ port }] = await once(child, 'message');
    child.on('message', (report: object) => reports.push({ ...report, at: performance.now() }));
    await connections(10, port);
    await eventually(() => reports.length >= 4);
    expect(reports[0]).toMatchObject({ code: 'EMFILE', errno: -24, syscall: 'accept4' });
    const [first, fourth] = [reports[0], reports[3]] as [{ at: number }, { at: number }];
    expect(fourth.at - first.at).toBeGreaterThan(75); // three pauses of 50 ms; a spin would take none

    child.send('free');
    const came = () => reports.filter(({ came }) => came).length;
    await eventually(() => came() === 10);
  });
});

describe('no right (EACCES)', () => {
  const first = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  const port = Math.min(first - 1, 81);
  const isProvable = port > 0;
  if (!isProvable)
    console.warn('SKIPPED: EACCES (here every port is everybody’s: ip_unprivileged_port_start)');

  test.skipIf(!isProvable)("a port that is root's: the Error Node itself would make", () => {
    const script = fixture('native/unprivileged.mjs');
    const { error, left } = JSON.parse(execFileSync(NODE, [script, String(port)], { encoding: 'utf8' }));
    expect(error).toEqual({
      code: 'EACCES',
      errno: -13,
      syscall: 'bind',
      address: '127.0.0.1',
      port,
      message: `bind EACCES: permission denied 127.0.0.1:${port}`,
    });
    expect(left).toBe(0);
  });
});
