import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Runtime } from '../helpers/control.ts';
import { CLI, Fleet, fixture, NODE } from '../helpers/fleet.ts';
import { descriptorLimit, limitDescriptors, openDescriptors } from '../helpers/processes.ts';
import { Reloadable } from '../helpers/reloadable.ts';
import { eventually, get, isRunning } from '../helpers/requests.ts';

const server = fixture('http-hello.mjs');

describe('status', () => {
  test('of the only fleet: for people, and the same facts as JSON', async () => {
    const runtime = new Runtime();
    await using fleet = new Fleet(['-w', '2', '--name', 'shop', server], runtime.env);
    const port = await fleet.ready();
    for (let i = 0; i < 10; i++) await get(port);

    const status = await runtime.json('status');
    expect(status).toMatchObject({
      name: 'shop',
      pid: fleet.process.pid,
      strategy: 'shared-handle',
      policy: 'least-connections',
      generation: 1,
      size: 2,
      queued: 0,
      reloading: false,
      listeners: [{ address: '::', port, protocol: 'http' }],
      workers: [
        { state: 'ready', generation: 1, restarts: 0, failures: 0 },
        { state: 'ready', generation: 1, restarts: 0, failures: 0 },
      ],
    });
    const { workers } = status as { workers: Record<string, number>[] };
    expect(workers.reduce((sum, { accepted = 0 }) => sum + accepted, 0)).toBe(10);
    for (const { pid, rss, cpuSeconds, loopDelay } of workers) {
      expect(isRunning(pid as number)).toBe(true);
      expect(rss).toBeGreaterThan(20e6);
      expect(cpuSeconds).toBeGreaterThan(0);
      expect(loopDelay).toBeGreaterThanOrEqual(0);
    }

    const { code, stdout, stderr } = await runtime.cli('status', '--name', 'shop');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^shop {2}shared-handle\/least-connections {2}generation 1 {2}pid \d+ {2}up \d+s\n/,
    );
    for (const { pid } of workers) expect(stdout).toMatch(new RegExp(`^ *\\d+ +${pid} +1 {2}ready `, 'm'));
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(statSync(runtime.socket('shop')).mode & 0o777).toBe(0o600);
    await fleet.stop();
    expect(existsSync(runtime.socket('shop'))).toBe(false);
  });

  test('without the addon, where node:cluster itself serves', async () => {
    const runtime = new Runtime();
    await using fleet = new Fleet(['-w', '2', server], { ...runtime.env, EVENKEEL_ADDON: '/nowhere.node' });
    await fleet.ready();
    const status = await runtime.json('status');
    expect(status).toMatchObject({
      strategy: 'node:cluster',
      workers: [{ state: 'ready' }, { state: 'ready' }],
    });
    expect(status).not.toHaveProperty('queued');
    expect((await runtime.cli('status')).stdout).toMatch(/^2 workers: 2 ready, 0 connections$/m);
    expect(await runtime.json('scale', '-1')).toEqual({ workers: 1, ready: 1 });
    expect((await runtime.cli('reload')).stdout).toBe('reloaded: one worker of generation 2\n');
    expect((await runtime.cli('stop')).code).toBe(0);
  });

  test('a worker that crashes again and again: how often, and when it is tried again', async () => {
    const runtime = new Runtime();
    await using fleet = new Fleet(
      ['-w', '1', '--min-uptime', '20000', fixture('crash-after-listen.mjs')],
      runtime.env,
    );
    await fleet.logged(({ msg }) => msg.startsWith('crash loop: '));
    await eventually(async () => {
      const [worker] = (await runtime.json('status')).workers;
      return worker.state === 'waiting' && worker.failures >= 3 && worker.nextStart >= 0;
    });
  });

  test('a primary that is stopped does not answer: said, within 10 s', async () => {
    const runtime = new Runtime();
    await using fleet = new Fleet(['-w', '1', server], runtime.env);
    await fleet.ready();
    fleet.process.kill('SIGSTOP');
    try {
      const { code, stderr } = await runtime.cli('status');
      expect(code).toBe(1);
      expect(stderr).toMatch(/'http-hello' did not answer within 10000 ms.*\[ERR_NO_ANSWER\]/);
    } finally {
      fleet.process.kill('SIGCONT');
    }
    expect((await runtime.cli('status')).code).toBe(0);
  });
});

describe('reload', () => {
  test('ends when every worker is replaced', async () => {
    const runtime = new Runtime();
    await using fleet = new Reloadable(['-w', '2'], runtime.env);
    const port = await fleet.ready();
    fleet.deploy();
    expect(await runtime.cli('reload')).toEqual({
      code: 0,
      stdout: 'reloaded: 2 workers of generation 2\n',
      stderr: '',
    });
    expect(JSON.parse(await get(port))).toMatchObject({ version: 2 });
    expect(await runtime.json('reload')).toEqual({ generation: 3, workers: 2 });
    const { lastReload, workers } = await runtime.json('status');
    expect(lastReload).toMatchObject({ generation: 3, ok: true });
    expect(Date.now() - lastReload.at).toBeLessThan(20_000);
    expect(workers.map(({ generation }: { generation: number }) => generation)).toEqual([3, 3]);
  });

  test('that fails: exit status 1, and the reason; status has it too', async () => {
    const runtime = new Runtime();
    await using fleet = new Reloadable(['-w', '2'], runtime.env);
    const port = await fleet.ready();
    fleet.deploy({ mode: 'crashes' });
    const { code, stdout, stderr } = await runtime.cli('reload', '--json');
    expect(code).toBe(1);
    expect(stderr).toMatch(/ended before it was ready: exit code 1; 0 of 2 .* \[ERR_RELOAD_FAILED\]\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ERR_RELOAD_FAILED' } });
    expect(await runtime.json('status')).toMatchObject({
      reloading: false,
      lastReload: { generation: 2, ok: false, error: expect.stringMatching(/exit code 1/) },
    });
    expect(JSON.parse(await get(port))).toMatchObject({ version: 1 });
  });

  test('goes on when who asked for it is interrupted', async () => {
    const runtime = new Runtime();
    await using fleet = new Reloadable(['-w', '1', '--listen-timeout', '4000'], runtime.env);
    await fleet.ready();
    fleet.deploy({ mode: 'never-listens' });
    await using waiting = new Fleet(['reload'], runtime.env);
    await fleet.logged(({ msg }) => msg.startsWith('reloading '));
    expect(await runtime.json('status')).toMatchObject({ reloading: true, generation: 2 });
    expect(await waiting.stop('SIGINT')).toEqual({ code: 130, signal: null });
    expect(waiting.stderr).toMatch(/the reload goes on: evenkeel status --name reloadable says how it is/);
    await fleet.logged(({ msg }) => msg.startsWith('the reload failed: '));
  });
});

test('scale: a number, more, fewer', async () => {
  const runtime = new Runtime();
  await using fleet = new Fleet(['-w', '2', server], runtime.env);
  await fleet.ready();
  const sizes = async (): Promise<unknown[]> => {
    const { size, workers } = await runtime.json('status');
    return [size, workers.length];
  };
  expect(await runtime.cli('scale', '3')).toEqual({
    code: 0,
    stdout: 'scaled to 3 workers, 3 of them ready\n',
    stderr: '',
  });
  expect(await sizes()).toEqual([3, 3]);
  expect(await runtime.json('scale', '+1')).toEqual({ workers: 4, ready: 4 });
  expect(await sizes()).toEqual([4, 4]);
  expect(await runtime.json('scale', '-2')).toEqual({ workers: 2, ready: 2 });
  expect(await sizes()).toEqual([2, 2]);
  for (const [argument, message] of [
    ['-2', /workers must be .* 1 to 256, not '0'/],
    ['+300', /workers must be .* 1 to 256, not '302'/],
    ['0', /workers must be /],
    ['many', /workers must be /],
  ] as const) {
    const { code, stderr } = await runtime.cli('scale', argument);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  }
  expect(await sizes()).toEqual([2, 2]);
});

test('what is wrong is JSON too, and an output that nobody takes is no stack', async () => {
  const runtime = new Runtime();
  await using fleet = new Fleet(['-w', '1', server], runtime.env);
  await fleet.ready();
  const { code, stdout } = await runtime.cli('scale', '257', '--json');
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ERR_INVALID_OPTION' } });
  for (const command of [['metrics'], ['explain'], ['completion', 'bash']]) {
    const into = (target: string) =>
      spawnSync('sh', ['-c', `"$@" ${target}`, 'sh', NODE, CLI, ...command], {
        env: { ...process.env, ...runtime.env },
        encoding: 'utf8',
      });
    expect(into('> /dev/full'), command[0]).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^evenkeel: ENOSPC.*\[ENOSPC\]\n$/),
    });
    expect(into('| true').stderr, command[0]).toBe('');
  }
});

test('so many clients that one is sent away: it is said what that may be', async () => {
  const runtime = new Runtime();
  await using fleet = new Fleet(['-w', '1', '--name', 'busy', server], runtime.env);
  await fleet.ready();
  const holders = Array.from({ length: 40 }, () => net.connect(runtime.socket('busy')).on('error', () => {}));
  onTestFinished(() => {
    for (const one of holders) one.destroy();
  });
  await eventually(() => holders.some(({ destroyed }) => destroyed));
  const { code, stderr } = await runtime.cli('status');
  expect(code).toBe(1);
  expect(stderr).toMatch(/too many ask it at once \[ERR_NO_ANSWER\]/);
});

test('scale, and no descriptors for all of them: said how many there are; the others come later', async () => {
  const runtime = new Runtime();
  await using fleet = new Fleet(['-w', '1', '--listen-timeout', '1000', server], runtime.env);
  await fleet.ready();
  const pid = fleet.process.pid as number;
  const [limit, open] = [descriptorLimit(pid), openDescriptors(pid)];
  limitDescriptors(pid, open + 20);
  const { code, stdout } = await runtime.cli('scale', '4', '--json');
  const { workers, ready } = JSON.parse(stdout);
  expect([code, workers]).toEqual([1, 4]);
  expect(ready).toBeLessThan(4);
  await fleet.logged(({ msg }) => /EMFILE.*; next try in \d+ ms$/.test(msg));
  limitDescriptors(pid, limit);
  await eventually(async () => {
    const { size, workers } = await runtime.json('status');
    return size === 4 && workers.every(({ state }: { state: string }) => state === 'ready');
  });
  expect(await runtime.json('scale', '1')).toEqual({ workers: 1, ready: 1 });
  await eventually(() => openDescriptors(pid) <= open + 1);
});

test.each([[[]], [['--force']]])('stop %j: the fleet has ended when the command has', async (force) => {
  const runtime = new Runtime();
  await using fleet = new Fleet(['-w', '2', server], runtime.env);
  await fleet.ready();
  const { workers } = await runtime.json('status');
  expect(await runtime.cli('stop', ...force)).toEqual({
    code: 0,
    stdout: 'stopped http-hello\n',
    stderr: '',
  });
  for (const { pid } of workers) expect(isRunning(pid)).toBe(false);
  expect(await fleet.exited).toEqual({ code: 0, signal: null });
  expect(existsSync(runtime.socket('http-hello'))).toBe(false);
});

test('a client that is idle does not keep a fleet from ending', async () => {
  const runtime = new Runtime();
  await using fleet = new Fleet(['-w', '1', server], runtime.env);
  await fleet.ready();
  await using watching = new Fleet(['top', '--json'], runtime.env);
  await watching.printed(/^\{"name":"http-hello"/);
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  expect(await watching.exited).toMatchObject({ code: 1 });
  expect(watching.stderr).toMatch(/ERR_NO_ANSWER|EPIPE|ECONNRESET/);
});

test('top on no terminal: what to do instead', async () => {
  const runtime = new Runtime();
  const { code, stderr } = await runtime.cli('top');
  expect(code).toBe(2);
  expect(stderr).toMatch(/top needs a terminal .* evenkeel status --json/);
});

test.each(['status', 'reload', 'stop', 'metrics', 'top'])(
  '%s where no fleet runs: exit status 1',
  async (command) => {
    const runtime = new Runtime();
    const { code, stdout, stderr } = await runtime.cli(command, '--json', '--name', 'shop');
    expect(code).toBe(1);
    expect(stderr).toBe(
      `evenkeel: no fleet named 'shop' runs (looked for ${runtime.socket('shop')}) [ERR_NO_FLEET]\n`,
    );
    if (command !== 'top') expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ERR_NO_FLEET' } });
  },
);
