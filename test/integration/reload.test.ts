import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { freePort } from '../helpers/free-port.ts';
import { everyKind, NOTHING_LOST } from '../helpers/load.ts';
import { Reloadable } from '../helpers/reloadable.ts';
import { eventually, get } from '../helpers/requests.ts';

async function versionAt(port: number): Promise<{ pid: number; version: number; greeting?: string }> {
  return JSON.parse(await get(port));
}

describe.each(STRATEGIES)('reload under load, %s', (strategy) => {
  test('every worker is replaced, and no request is lost', async () => {
    await using fleet = new Reloadable(['-w', '3', '-s', strategy]);
    const port = await fleet.ready();
    const { pid: oldPid } = await versionAt(port);
    const load = await everyKind(port);
    for (const generation of [2, 3]) {
      fleet.deploy();
      expect(await fleet.reload()).toMatchObject({ generation });
      expect(await versionAt(port)).toMatchObject({ version: generation });
    }
    expect(await load.stop()).toMatchObject(NOTHING_LOST);
    expect((await versionAt(port)).pid).not.toBe(oldPid);
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  });

  test('new code that crashes: the old workers stay, and it is said why', async () => {
    await using fleet = new Reloadable(['-w', '2', '-s', strategy]);
    const port = await fleet.ready();
    const load = await everyKind(port);
    fleet.deploy({ mode: 'crashes' });
    const { msg, code } = await fleet.reload();
    expect(code).toBe('ERR_RELOAD_FAILED');
    expect(msg).toMatch(
      /ended before it was ready: exit code 1; 0 of 2 workers were replaced, 2 old ones go on$/,
    );
    expect(await versionAt(port)).toMatchObject({ version: 1 });
    expect(await load.stop()).toMatchObject(NOTHING_LOST);
    fleet.deploy();
    await fleet.reload();
    expect(await versionAt(port)).toMatchObject({ version: 3 });
  });

  test('a worker that has not said ready gets nothing, though it listens', async () => {
    await using fleet = new Reloadable(['-w', '2', '-s', strategy, '--wait-ready'], {}, { mode: 'waits' });
    const go = `${fleet.file}.go`;
    const port = await fleet.port();
    const early = versionAt(port); // waits for the first that is ready
    writeFileSync(go, '');
    await fleet.ready();
    expect(await early).toMatchObject({ version: 1 });
    // The next generation waits for another file.
    fleet.deploy({ mode: 'never-listens' });
    expect((await fleet.reload()).msg).toMatch(/did not say 'ready' within 3000 ms/);
    expect(await versionAt(port)).toMatchObject({ version: 1 });
  });
});

test('new code that never listens: within listenTimeout the old workers go on', async () => {
  await using fleet = new Reloadable(['-w', '2', '--listen-timeout', '1000']);
  const port = await fleet.ready();
  fleet.deploy({ mode: 'never-listens' });
  expect((await fleet.reload()).msg).toMatch(/did not listen within 1000 ms; 0 of 2 .* 2 old ones go on$/);
  expect(await versionAt(port)).toMatchObject({ version: 1 });
  await eventually(async () => fleet.log.filter(({ msg }) => msg.includes('killed')).length === 0);
});

test('new code that listens elsewhere: said with both addresses, and nothing stays open there', async () => {
  const [before, after] = [await freePort(), await freePort()];
  await using fleet = new Reloadable(['-w', '2'], {}, { listenOn: [before] });
  const port = await fleet.ready();
  const load = await everyKind(port);
  fleet.deploy({ listenOn: [after] });
  expect((await fleet.reload()).msg).toContain(
    `listened on *:${after} within 3000 ms, and not on *:${before}, where the old workers do`,
  );
  expect(await load.stop()).toMatchObject(NOTHING_LOST);
  await expect(get(after)).rejects.toThrow('ECONNREFUSED');
  expect(await versionAt(port)).toMatchObject({ version: 1 });
});

test('a second reload begins when the first has ended; a third is the second', async () => {
  await using fleet = new Reloadable(['-w', '2']);
  const port = await fleet.ready();
  for (const signal of ['SIGHUP', 'SIGUSR2'] as const) {
    fleet.process.kill(signal);
    await fleet.logged(({ msg }) => msg === `${signal}: reloading`);
  }
  fleet.process.kill('SIGHUP');
  await fleet.logged(({ msg, generation }) => msg.startsWith('reloaded: ') && generation === 3);
  await fleet.stop();
  expect(fleet.log.filter(({ msg }) => msg.startsWith('reloaded: '))).toHaveLength(2);
  await expect(get(port)).rejects.toThrow('ECONNREFUSED');
});

test('SIGTERM in the middle of a reload ends the fleet as ever', async () => {
  await using fleet = new Reloadable(['-w', '2', '--wait-ready'], {}, { mode: 'waits' });
  writeFileSync(`${fleet.file}.go`, '');
  const port = await fleet.ready();
  fleet.deploy({ mode: 'never-listens' });
  fleet.process.kill('SIGHUP');
  await fleet.logged(({ msg }) => msg.startsWith('reloading '));
  const load = await everyKind(port);
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  expect(await load.stop()).toMatchObject({ reset: 0, empty: 0, hung: 0, other: 0 });
});

test('one fewer instead of one more, where that is asked for', async () => {
  await using fleet = new Reloadable(['-w', '2', '--max-surge', '0', '--max-unavailable', '1']);
  const port = await fleet.ready();
  const load = await everyKind(port);
  fleet.deploy();
  await fleet.reload();
  expect(await load.stop()).toMatchObject(NOTHING_LOST);
  expect(await versionAt(port)).toMatchObject({ version: 2 });
});

test('the environment file is read again', async () => {
  await using fleet = new Reloadable(['-w', '1']);
  await fleet.ready();
  const file = `${fleet.file}.env`;
  writeFileSync(file, 'GREETING=one\n');
  await using other = new Reloadable(['-w', '1', '--env-from', file]);
  const port = await other.ready();
  expect((await versionAt(port)).greeting).toBe('one');
  writeFileSync(file, 'GREETING="two"\n');
  await other.reload();
  expect((await versionAt(port)).greeting).toBe('two');
});

test.each([
  [['--max-surge', '0', '--max-unavailable', '0'], /both 0: no worker could ever be replaced/],
  [['--max-surge', 'many'], /maxSurge must be a whole number from 0 to 256, not 'many'/],
  [['--env-from', '/nowhere/.env'], /envFrom: ENOENT/],
])('%j is refused', async (args, message) => {
  await using fleet = new Reloadable(args);
  expect(await fleet.exited).toEqual({ code: 2, signal: null });
  expect(fleet.stderr).toMatch(message);
});
