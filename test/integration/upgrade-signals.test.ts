import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { Runtime } from '../helpers/control.ts';
import { freePort } from '../helpers/free-port.ts';
import { NOTHING_LOST, newConnections } from '../helpers/load.ts';
import { childrenOf, openDescriptors, stop } from '../helpers/processes.ts';
import { eventually, get, isRunning } from '../helpers/requests.ts';
import { program } from '../helpers/self-upgrading.ts';
import { Upgradable } from '../helpers/upgradable.ts';

// Signals to the new primary, and deaths of its workers, at the worst moments.

async function versionAt(port: number): Promise<{ pid: number; version: number; second?: true }> {
  return JSON.parse(await get(port));
}

/** A fleet whose upgrade has begun, and whose new workers are ready as soon as `goOn` is called. */
async function upgrading(fleet: Upgradable) {
  writeFileSync(`${fleet.file}.go`, '');
  const port = await fleet.ready();
  rmSync(`${fleet.file}.go`);
  fleet.deploy({ mode: 'waits' });
  const upgrade = fleet.upgrade();
  const successor = await fleet.successor();
  const count = childrenOf(fleet.process.pid as number).length - 1; // but for its launcher
  const waiting = () => childrenOf(successor).filter((pid) => fleet.output.includes(`waits ${pid}`));
  await eventually(() => waiting().length === count);
  return { port, upgrade, successor, goOn: () => writeFileSync(`${fleet.file}.go`, '') };
}

const WAITS = ['--wait-ready', '--listen-timeout', '20000'];

/** As upgrading(); the new process is ready, and the old one about to let go: what is between them stands still. */
async function ready(fleet: Upgradable) {
  const { goOn, successor, ...rest } = await upgrading(fleet);
  const old = fleet.process.pid as number;
  const isLauncher = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('launcher.js');
  const launcher = childrenOf(old).find(isLauncher) as number;
  await stop(launcher);
  const before = openDescriptors(old);
  goOn();
  await eventually(() => openDescriptors(old) < before); // it has told the launcher to go
  return { ...rest, successor, letGo: () => process.kill(launcher, 'SIGCONT') };
}

describe.each(STRATEGIES)('%s', (strategy) => {
  const args = (workers: number, ...more: string[]) => [
    '-w',
    String(workers),
    '-s',
    strategy,
    ...WAITS,
    ...more,
  ];

  test.each([
    ['', []],
    [', which it announces', ['--pre-stop-delay', '60000']],
  ])('the new process is told to stop while it starts%s: the old one goes on at once', async (_how, more) => {
    await using fleet = new Upgradable(new Runtime(), args(2, ...more), {}, { mode: 'waits' });
    const { port, upgrade, successor, goOn } = await upgrading(fleet);
    const load = newConnections(port, 100);
    process.kill(successor, 'SIGTERM');
    const { code, stderr } = await upgrade;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /says: it was told to stop before it was ready \[ERR_STOPPED\]; this one goes on, and so do its workers/,
    );
    await eventually(() => !isRunning(successor));
    expect(await versionAt(port)).toMatchObject({ version: 1 });
    goOn();
    expect((await fleet.upgrade()).code).toBe(0);
    expect(await load.stop()).toMatchObject(NOTHING_LOST);
    await fleet.runtime.json('stop', '--name', fleet.name, '--force');
    await fleet.exited;
  });

  test('it is told to stop when it is ready and the old one lets go: both end, who has connected is answered', async () => {
    await using fleet = new Upgradable(new Runtime(), args(2), {}, { mode: 'waits' });
    const { port, upgrade, successor, letGo } = await ready(fleet);
    process.kill(successor, 'SIGTERM');
    await fleet.logged(({ msg }) => msg === 'SIGTERM: draining');
    expect(await versionAt(port)).toMatchObject({ version: 1 }); // still
    letGo();
    expect((await upgrade).code).toBe(0);
    await fleet.exited;
    await eventually(() => !isRunning(successor));
    await expect(get(port)).rejects.toThrow('ECONNREFUSED');
    expect(fleet.log.filter(({ msg }) => /killed|cannot/.test(msg))).toEqual([]);
  });

  test('its last worker dies when it is ready and the old one lets go: the next one has the port', async () => {
    await using fleet = new Upgradable(new Runtime(), args(1), {}, { mode: 'waits' });
    const { port, upgrade, successor, letGo } = await ready(fleet);
    const load = newConnections(port, 50);
    const [worker] = childrenOf(successor) as [number];
    process.kill(worker, 'SIGKILL');
    await fleet.logged(({ msg }) => /worker 1 .*SIGKILL/.test(msg));
    letGo();
    expect((await upgrade).code).toBe(0);
    await eventually(async () => (await versionAt(port)).version === 2);
    expect(await load.stop()).toMatchObject(NOTHING_LOST);
    expect(fleet.log.filter(({ msg }) => msg.includes('EADDRINUSE'))).toEqual([]);
    await fleet.stopAll();
  });

  test('who listens on an address a second time is told that it is in use, as before', async () => {
    const mode = 'listens-twice';
    const listenOn = [await freePort()];
    await using fleet = new Upgradable(new Runtime(), ['-w', '1', '-s', strategy], {}, { mode, listenOn });
    const port = await fleet.ready();
    fleet.deploy({ mode, listenOn });
    expect((await fleet.upgrade()).code).toBe(0);
    await eventually(async () => (await versionAt(port)).version === 2);
    const second = () => fleet.output.filter((line) => line.startsWith('the second: '));
    await eventually(() => second().length === 2);
    expect(second()).toEqual(['the second: EADDRINUSE', 'the second: EADDRINUSE']);
    await fleet.stopAll();
  });
});

test('a fleet that has said that it stops is not upgraded any more', async () => {
  await using fleet = new Upgradable(new Runtime(), ['-w', '1', '--pre-stop-delay', '60000']);
  await fleet.ready();
  fleet.process.kill('SIGTERM');
  await fleet.logged(({ msg }) => msg === 'SIGTERM: draining in 60000 ms');
  expect((await fleet.upgrade()).stderr).toMatch(/the fleet stops \[ERR_STOPPED\]/);
  expect(fleet.successors).toEqual([]);
  await fleet.runtime.json('stop', '--name', fleet.name);
  await fleet.exited;
});

test('a stop while the new process waits for the name of the old one: nothing stays behind', async () => {
  const runtime = new Runtime();
  const args = ['-w', '1', '--metrics', String(await freePort())];
  await using fleet = new Upgradable(runtime, args, {}, { listenOn: [await freePort()] });
  const port = await fleet.ready();
  // As of a third fleet that is about to take the name, for as long as that may take.
  const lock = `${runtime.socket(fleet.name)}.1-0123456789abcdef.lock`;
  writeFileSync(lock, '');
  fleet.deploy({ listenOn: [port] });
  const upgrade = fleet.upgrade();
  const successor = await fleet.successor();
  await eventually(async () => (await versionAt(port)).version === 2);
  process.kill(successor, 'SIGTERM');
  await fleet.logged(({ msg }) => msg.startsWith('stopped'));
  rmSync(lock, { force: true }); // or it is taken for abandoned
  await upgrade;
  await fleet.exited;
  await eventually(() => !isRunning(successor));
  expect(existsSync(runtime.socket(fleet.name))).toBe(false);
});

test.each([['upgraded'], ['phase']])(
  "a listener of '%s' that throws: the old fleet ends, the new one serves",
  async (event) => {
    const { child, lines, says, port } = await program({ throws: [event] });
    child.kill('SIGWINCH');
    const { error } = await says((line) => 'error' in line);
    expect(error).toMatchObject({ message: `thrown at '${event}'` });
    await says((line) => line.pid === child.pid && line.stopped === true);
    const { pid } = await says((line) => line.generation === 2);
    expect(lines.filter((line) => 'failed' in line)).toEqual([]);
    for (let i = 0; i < 10; i++) await get(port);
    process.kill(pid, 'SIGKILL');
  },
);
