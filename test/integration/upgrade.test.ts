import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { Runtime } from '../helpers/control.ts';
import { freePort } from '../helpers/free-port.ts';
import { everyKind, NOTHING_LOST } from '../helpers/load.ts';
import { childrenOf, openDescriptors } from '../helpers/processes.ts';
import { eventually, get, isRunning } from '../helpers/requests.ts';
import { Upgradable } from '../helpers/upgradable.ts';

async function versionAt(port: number): Promise<{ pid: number; version: number; greeting?: string }> {
  return JSON.parse(await get(port));
}

/** For a moment the old workers answer, too. */
const serves = async (port: number, version: number) => (await versionAt(port)).version === version;

describe.each(STRATEGIES)('upgrade under load, %s', (strategy) => {
  test('another process serves, and then a third, and no request is lost', async () => {
    const runtime = new Runtime();
    await using fleet = new Upgradable(runtime, ['-w', '3', '-s', strategy]);
    const port = await fleet.ready();
    const load = await everyKind(port);
    const primaries = [fleet.process.pid];
    for (const generation of [2, 3]) {
      fleet.deploy();
      const { code, stdout } = await fleet.upgrade();
      const pid = fleet.successors.at(-1);
      expect([code, stdout]).toEqual([
        0,
        `upgraded: process ${pid} serves with 3 workers; the old one ends when it has answered what it has\n`,
      ]);
      expect(await fleet.status()).toMatchObject({ pid, generation, size: 3, phase: 'running', strategy });
      await eventually(() => serves(port, generation));
      primaries.push(pid);
    }
    await eventually(() => !isRunning(primaries[1] as number)); // answered what they had
    expect(fleet.process.exitCode).toBe(0);
    expect(await load.stop()).toMatchObject(NOTHING_LOST);
    await fleet.stopAll();
    await expect(get(port)).rejects.toThrow('ECONNREFUSED');
    const pids = fleet.log.filter(({ msg }) => msg.startsWith('ended: process ')).map(({ msg }) => msg);
    expect(pids).toEqual(primaries.slice(1).map((pid) => `ended: process ${pid} has this one's place`));
  });

  test('new code that crashes: the old process goes on with its workers, and it is said why', async () => {
    const runtime = new Runtime();
    await using fleet = new Upgradable(runtime, ['-w', '2', '-s', strategy]);
    const port = await fleet.ready();
    const load = await everyKind(port);
    const workers = childrenOf(fleet.process.pid as number);
    const before = openDescriptors(fleet.process.pid as number);
    fleet.deploy({ mode: 'crashes' });
    for (let i = 0; i < 2; i++) {
      const { code, stderr } = await fleet.upgrade();
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /the new process says: .*reloadable.mjs ended before it listened: exit code 1\..* \[ERR_ENTRY_FAILED\]; this one goes on, and so do its workers \[ERR_UPGRADE_FAILED\]/,
      );
      expect(await versionAt(port)).toMatchObject({ version: 1 });
    }
    expect(await load.stop()).toMatchObject(NOTHING_LOST);
    expect(childrenOf(fleet.process.pid as number)).toEqual(workers);
    await eventually(() => openDescriptors(fleet.process.pid as number) <= before);
    fleet.deploy();
    expect((await fleet.upgrade()).code).toBe(0);
    await eventually(() => serves(port, 3));
    await fleet.stopAll();
  });

  test('the old one is killed when the new one is nearly ready: that one takes its place', async () => {
    const runtime = new Runtime();
    const args = ['-w', '2', '-s', strategy, '--wait-ready', '--listen-timeout', '20000'];
    await using fleet = new Upgradable(runtime, args, {}, { mode: 'waits' });
    writeFileSync(`${fleet.file}.go`, '');
    const port = await fleet.ready();
    rmSync(`${fleet.file}.go`);
    fleet.deploy({ mode: 'waits' });
    const upgrade = fleet.upgrade();
    const successor = await fleet.successor();
    await eventually(() => fleet.output.filter((line) => line.startsWith('waits ')).length === 4);
    fleet.process.kill('SIGKILL');
    expect((await upgrade).stderr).toMatch(/ERR_NO_ANSWER/);
    const early = versionAt(port); // the port is open, and nobody serves it
    writeFileSync(`${fleet.file}.go`, '');
    expect(await early).toMatchObject({ version: 2 });
    await eventually(async () => (await runtime.cli('status', '--name', fleet.name)).code === 0);
    expect(await fleet.status()).toMatchObject({ pid: successor, generation: 2 });
    await fleet.stopAll();
  });
});

describe('what cannot take its place does not', () => {
  test('a worker of the new one that never listens', async () => {
    await using fleet = new Upgradable(new Runtime(), ['-w', '2', '--listen-timeout', '1000']);
    const port = await fleet.ready();
    fleet.deploy({ mode: 'never-listens' });
    expect((await fleet.upgrade()).stderr).toMatch(
      /says: 2 of 2 workers did not call listen\(\) within 1000 ms \[ERR_ENTRY_FAILED\]/,
    );
    expect(await versionAt(port)).toMatchObject({ version: 1 });
    await fleet.stop();
  });

  test('new code that listens elsewhere: nothing stays open there', async () => {
    const [before, after] = [await freePort(), await freePort()];
    await using fleet = new Upgradable(new Runtime(), ['-w', '2'], {}, { listenOn: [before] });
    const port = await fleet.ready();
    const load = await everyKind(port);
    fleet.deploy({ listenOn: [after] });
    expect((await fleet.upgrade()).stderr).toContain(
      `no worker listens on [::]:${before}, where the old ones do [ERR_UPGRADE_FAILED]`,
    );
    expect(await load.stop()).toMatchObject(NOTHING_LOST);
    await expect(get(after)).rejects.toThrow('ECONNREFUSED');
    expect(await versionAt(port)).toMatchObject({ version: 1 });
    await fleet.stop();
  });

  test('a new process that is killed', async () => {
    await using fleet = new Upgradable(new Runtime(), ['-w', '2', '--listen-timeout', '20000']);
    const port = await fleet.ready();
    fleet.deploy({ mode: 'never-listens' });
    const upgrade = fleet.upgrade();
    process.kill(await fleet.successor(), 'SIGKILL');
    expect((await upgrade).stderr).toMatch(
      /the new process ended before it was ready: SIGKILL; this one goes on/,
    );
    expect(await versionAt(port)).toMatchObject({ version: 1 });
    await fleet.stop();
  });

  test('SIGTERM meanwhile ends both', async () => {
    await using fleet = new Upgradable(new Runtime(), ['-w', '2', '--listen-timeout', '20000']);
    const port = await fleet.ready();
    fleet.deploy({ mode: 'never-listens' });
    const upgrade = fleet.upgrade();
    const successor = await fleet.successor();
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
    expect((await upgrade).stderr).toMatch(/the fleet stops \[ERR_STOPPED\]/);
    expect(isRunning(successor)).toBe(false);
    await expect(get(port)).rejects.toThrow('ECONNREFUSED');
  });
});

test('a second upgrade begins when the first has ended, and has nothing more to do', async () => {
  await using fleet = new Upgradable(new Runtime(), ['-w', '1']);
  const port = await fleet.ready();
  fleet.deploy();
  const [first, second] = await Promise.all([fleet.upgrade(), fleet.upgrade()]);
  expect([first.code, second.code].sort()).toEqual([0, 1]);
  expect(first.stderr + second.stderr).toMatch(/ERR_STOPPED/);
  expect(fleet.successors).toHaveLength(1);
  await eventually(() => serves(port, 2));
  await fleet.stopAll();
});
