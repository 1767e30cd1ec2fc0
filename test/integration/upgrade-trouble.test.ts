import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { type Outcome, Runtime } from '../helpers/control.ts';
import { CLI, fixture, NODE } from '../helpers/fleet.ts';
import { everyKind, NOTHING_LOST } from '../helpers/load.ts';
import {
  childrenOf,
  descriptorLimit,
  limitDescriptors,
  openDescriptors,
  stop,
} from '../helpers/processes.ts';
import { eventually, get, isRunning } from '../helpers/requests.ts';
import { program } from '../helpers/self-upgrading.ts';
import { Upgradable } from '../helpers/upgradable.ts';

describe.each(STRATEGIES)('%s', (strategy) => {
  test('an old worker is stopped all the while, and goes on: nobody is lost', async () => {
    await using fleet = new Upgradable(new Runtime(), ['-w', '3', '-s', strategy]);
    const port = await fleet.ready();
    const [worker] = childrenOf(fleet.process.pid as number) as [number];
    const load = await everyKind(port);
    await stop(worker);
    const { code } = await fleet.upgrade();
    process.kill(worker, 'SIGCONT');
    expect(code).toBe(0);
    await eventually(() => fleet.process.exitCode === 0);
    expect(await load.stop()).toMatchObject(NOTHING_LOST);
    expect(fleet.log.filter(({ msg }) => msg.includes('killed'))).toEqual([]);
    await fleet.stopAll();
  });

  test('workers of both die meanwhile: the old one has another, the new one is not ready, and says why', async () => {
    const args = ['-w', '2', '-s', strategy, '--listen-timeout', '20000'];
    await using fleet = new Upgradable(new Runtime(), args);
    const port = await fleet.ready();
    fleet.deploy({ mode: 'never-listens' });
    const upgrade = fleet.upgrade();
    const successor = await fleet.successor();
    fleet.deploy(); // for who comes next
    const [old] = childrenOf(fleet.process.pid as number).filter((pid) => pid !== successor) as [number];
    process.kill(old, 'SIGKILL');
    await eventually(() => childrenOf(successor).length === 2);
    process.kill(childrenOf(successor)[0] as number, 'SIGKILL');
    expect((await upgrade).stderr).toMatch(/reloadable.mjs ended before it listened: killed by SIGKILL/);
    expect(isRunning(successor)).toBe(false);
    await eventually(async () => {
      const { workers } = await fleet.status();
      return workers.length === 2 && workers.every(({ state }: { state: string }) => state === 'ready');
    });
    await get(port);
    await fleet.stop();
  });
});

test('what is asked for during an upgrade is refused when it has been made, and done when it has failed', async () => {
  await using fleet = new Upgradable(new Runtime(), ['-w', '1', '--listen-timeout', '20000']);
  const { runtime, name } = fleet;
  await fleet.ready();
  const during = async (): Promise<Promise<string>[]> => {
    const upgrade = fleet.upgrade();
    await fleet.successor();
    const others = [['reload'], ['scale', '2']].map(async (command) =>
      runtime.cli(...command, '--name', name),
    );
    return [upgrade, ...others].map(async (outcome) => (await outcome).stderr.trim());
  };
  fleet.deploy();
  const failing = await during();
  process.kill(fleet.successors[0] as number, 'SIGKILL');
  expect(await failing[0]).toMatch(/ERR_UPGRADE_FAILED/);
  expect(await Promise.all(failing.slice(1))).toEqual(['', '']);
  expect(await fleet.status()).toMatchObject({ generation: 2, size: 2, pid: fleet.process.pid });
  const [upgrade, ...others] = await Promise.all(await during());
  expect(upgrade).toBe('');
  for (const said of others) expect(said).toMatch(/ERR_STOPPED/);
  expect(await fleet.status()).toMatchObject({ generation: 3, size: 2, pid: fleet.successors[1] });
  await fleet.stopAll();
});

test('a number of workers that is asked for while an upgrade waits is refused by it, and not that of the new one', async () => {
  await using fleet = new Upgradable(new Runtime(), ['-w', '1', '--listen-timeout', '20000']);
  const { runtime, name, file } = fleet;
  await fleet.ready();
  fleet.deploy({ mode: 'blocks' });
  const commands = [['reload'], ['upgrade'], ['scale', '3']];
  const outcomes: Promise<Outcome>[] = [];
  for (const command of commands) {
    outcomes.push(runtime.cli(...command, '--name', name));
    await fleet.logged(({ msg }) => msg.startsWith(`control socket: ${command[0]}`));
  }
  fleet.deploy();
  writeFileSync(`${file}.go`, '');
  const [reload, upgrade, scale] = await Promise.all(outcomes);
  expect([reload?.stderr, upgrade?.stderr]).toEqual(['', '']);
  expect(scale?.stderr).toMatch(/another process has taken this one's place: ask it \[ERR_STOPPED\]/);
  expect(await fleet.status()).toMatchObject({ size: 1, pid: fleet.successors[0] });
  await fleet.stopAll();
});

test('no descriptors to start it with: said, and tried again later', async () => {
  await using fleet = new Upgradable(new Runtime(), ['-w', '1']);
  const port = await fleet.ready();
  const pid = fleet.process.pid as number;
  const limit = descriptorLimit(pid);
  const before = openDescriptors(pid);
  // One for the command's connection, and one, two, … for everything else.
  for (let free = 2; free < 6; free++) {
    limitDescriptors(pid, before + free);
    const { code, stderr } = await fleet.upgrade();
    expect(code).toBe(1);
    expect(stderr).toMatch(/EMFILE/);
  }
  limitDescriptors(pid, limit);
  await get(port);
  await eventually(() => openDescriptors(pid) <= before);
  expect((await fleet.upgrade()).code).toBe(0);
  await fleet.stopAll();
});

test('no worker, nor what it starts, has anything of it', async () => {
  await using fleet = new Upgradable(new Runtime(), ['-w', '1']);
  await fleet.ready();
  expect((await fleet.upgrade()).code).toBe(0);
  const [{ pid }] = (await fleet.status()).workers;
  expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('EVENKEEL_TAKEOVER');
  await fleet.stopAll();
});

test.each([
  ['exits', /ended before it was ready: exit code 0; this one goes on/],
  ['closes', /does not want the sockets: does it call start\(\)\?; this one goes on/],
  ['babbles', /does not want the sockets/],
])('what is started then is no fleet, and %s', async (impostor, why) => {
  const { child, says, configure, port } = await program({});
  configure({ impostor });
  child.kill('SIGWINCH');
  const { pid } = await says((line) => line.impostor === impostor);
  const { error } = await says((line) => 'error' in line);
  expect(error).toEqual({ code: 'ERR_UPGRADE_FAILED', message: expect.stringMatching(why) });
  expect(isRunning(pid)).toBe(false);
  await get(port);
});

test.each(['nothing', 'a file', 'a pipe', 'a socket whose other end is closed'] as const)(
  'EVENKEEL_TAKEOVER by mistake, and descriptor 3 is %s: said what to do',
  async (what) => {
    const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
    if (what.startsWith('a socket')) stdio.push('pipe');
    const commands: Partial<Record<typeof what, string>> = {
      nothing: 'exec "$@" 3>&-',
      'a file': 'exec "$@" 3</dev/null',
      'a pipe': 'true | "$@" 3<&0',
    };
    const command = commands[what];
    const child = spawn('sh', ['-c', command ?? 'exec "$@"', 'sh', NODE, CLI, fixture('http-hello.mjs')], {
      env: { ...process.env, EVENKEEL_TAKEOVER: '3' },
      stdio,
    });
    child.stdio[3]?.destroy();
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said).toMatch(/ERR_UPGRADE_FAILED/);
    if (command !== undefined)
      expect(said).toMatch(/EVENKEEL_TAKEOVER is set, and descriptor 3 is no socket .*: unset it/);
  },
);
