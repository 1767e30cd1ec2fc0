import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepAlive, NOTHING_LOST, newConnections, posts } from '../helpers/load.ts';
import { eventually, get } from '../helpers/requests.ts';
import {
  APPLICATION,
  clear,
  command,
  does,
  EVENKEEL,
  install,
  journal,
  PORT,
  property,
  run,
  systemctl,
  systemdVersion,
  whoAnswers,
} from './machine.ts';

/** Of each kind a little, so that two CPUs have time for the new workers, too. */
async function aLittleLoad() {
  const loads = [newConnections(PORT, 50), keepAlive(PORT, 2), posts(PORT, 2)];
  await eventually(() => loads.every(({ tally }) => tally.ok >= 20));
  return {
    stop: async () => {
      for (const tally of await Promise.all(loads.map((load) => load.stop())))
        expect(tally).toMatchObject(NOTHING_LOST);
    },
  };
}

const STRATEGIES = ['shared-handle', 'hand-off', 'reuse-port'];

beforeAll(async () => {
  expect((await run('systemd-sysusers', '--inline', `u myapp - "the example's" ${APPLICATION}`)).code).toBe(
    0,
  );
});
afterAll(clear);

test('the start waits until the application listens', async () => {
  await install();
  writeFileSync(path.join(APPLICATION, 'held'), '');
  await does('start', '--no-block', 'evenkeel.service');
  await eventually(async () => (await property('StatusText')).startsWith('starting: 0 of'));
  expect(await property('ActiveState')).toBe('activating');
  rmSync(path.join(APPLICATION, 'held'));
  await does('start', 'evenkeel.service'); // joins the job that runs
  expect(Number(await property('MainPID'))).toBe((await whoAnswers()).primary);
  expect(await does('status', 'evenkeel.service')).toMatch(
    /Status: "running: 2 of 2 workers ready, generation 1"/,
  );
});

test.each(STRATEGIES)(
  '%s: a reload under load loses nothing, and is over when systemctl is',
  async (strategy) => {
    await install(command(`-s ${strategy}`));
    await does('start', 'evenkeel.service');
    const load = await aLittleLoad();
    await does('reload', 'evenkeel.service');
    expect(await property('StatusText')).toMatch(/^running: 2 of 2 workers ready, generation 2/);
    expect(await property('ActiveState')).toBe('active');
    await load.stop();
  },
);

test.each(STRATEGIES)(
  '%s: an upgrade makes another process the main one, and loses nothing',
  async (strategy) => {
    await install(command(`-s ${strategy}`), 'ExecReload=', `ExecReload=${EVENKEEL} upgrade`);
    await does('start', 'evenkeel.service');
    const { primary } = await whoAnswers();
    const load = await aLittleLoad();
    await does('reload', 'evenkeel.service');
    await eventually(async () => (await whoAnswers()).primary !== primary);
    const next = (await whoAnswers()).primary;
    await eventually(async () => (await run('kill', '-0', String(primary))).code !== 0);
    expect(Number(await property('MainPID'))).toBe(next);
    expect(await property('StatusText')).toMatch(/^running: 2 of 2 workers ready, generation 2/);
    expect([await property('ActiveState'), await property('NRestarts')]).toEqual(['active', '0']);
    await load.stop();
    await does('stop', 'evenkeel.service');
    expect(await property('Result')).toBe('success');
  },
);

test('an upgrade that fails is said, and the old process serves on', async () => {
  await install(command(''), 'ExecReload=', `ExecReload=${EVENKEEL} upgrade`);
  await does('start', 'evenkeel.service');
  const { primary } = await whoAnswers();
  writeFileSync(path.join(APPLICATION, 'broken'), '');
  expect((await systemctl('reload', 'evenkeel.service')).code).toBe(1);
  expect(await journal()).toMatch(/ERR_UPGRADE_FAILED/);
  expect(Number(await property('MainPID'))).toBe(primary);
  expect(await property('ActiveState')).toBe('active');
  expect((await whoAnswers()).primary).toBe(primary);
});

test('a reload that fails is said, and the old workers serve on', async () => {
  await install(command(''));
  await does('start', 'evenkeel.service');
  writeFileSync(path.join(APPLICATION, 'broken'), '');
  const { code, output } = await systemctl('reload', 'evenkeel.service');
  expect(output).toMatch(/failed/);
  expect(code).toBe(1);
  expect(await journal()).toMatch(/ERR_RELOAD_FAILED/);
  expect(await property('ActiveState')).toBe('active');
  await whoAnswers();
});

test('Type=notify-reload waits for the new generation, and loses nothing', async ({ skip }) => {
  if ((await systemdVersion()) < 253) skip('systemd 253 knows it first');
  await install(command(''), 'Type=notify-reload', 'ExecReload=');
  await does('start', 'evenkeel.service');
  const load = await aLittleLoad();
  await does('reload', 'evenkeel.service');
  expect(await property('StatusText')).toMatch(/^running: 2 of 2 workers ready, generation 2/);
  await load.stop();
  // It cannot say that it failed.
  writeFileSync(path.join(APPLICATION, 'broken'), '');
  await does('reload', 'evenkeel.service');
  expect(await journal()).toMatch(/ERR_RELOAD_FAILED/);
  expect(await property('ActiveState')).toBe('active');
});

test('a primary that does not turn is replaced by the watchdog', async () => {
  await install(command(''), 'WatchdogSec=1');
  await does('start', 'evenkeel.service');
  const { primary } = await whoAnswers();
  process.kill(primary, 'SIGSTOP');
  await eventually(async () => (await property('NRestarts')) === '1', 20_000);
  expect(await property('ActiveState')).not.toBe('failed');
  await eventually(async () => (await property('ActiveState')) === 'active', 20_000);
  expect((await whoAnswers()).primary).not.toBe(primary);
});

test('a worker that is killed, or does not turn, is no reason for systemd', async () => {
  await install(command('--unresponsive-timeout 1000'), 'WatchdogSec=1');
  await does('start', 'evenkeel.service');
  const { pid, primary } = await whoAnswers();
  process.kill(pid, 'SIGKILL');
  await eventually(async () => /^running: 2 of 2/.test(await property('StatusText')));
  expect(Number(await property('MainPID'))).toBe(primary);
  expect(await property('NRestarts')).toBe('0');
});

test.each(['mixed', 'control-group'])(
  'KillMode=%s: a stop waits for what is being answered',
  async (mode) => {
    await install(command(''), `KillMode=${mode}`);
    await does('start', 'evenkeel.service');
    const slow = get(PORT, '/slow');
    const { pid } = await whoAnswers(); // so it has been sent
    await does('stop', 'evenkeel.service');
    expect(JSON.parse(await slow)).toHaveProperty('pid');
    expect(await property('Result')).toBe('success');
    expect(await run('kill', '-0', String(pid))).toMatchObject({ code: 1 });
    expect(await journal()).not.toMatch(/"level":50/);
  },
);

test.each(['shared-handle', 'hand-off'])(
  '%s: the first connection starts it; a restart refuses nobody',
  async (strategy) => {
    await install(command(`-s ${strategy}`));
    await does('start', 'evenkeel.socket');
    const { primary } = await whoAnswers();
    const load = newConnections(PORT, 50);
    await eventually(() => load.tally.ok > 20);
    await does('restart', 'evenkeel.service');
    await eventually(async () => (await whoAnswers()).primary !== primary);
    const { ok, ...failed } = await load.stop();
    expect(failed).toEqual(NOTHING_LOST);
    expect(ok).toBeGreaterThan(20);
  },
);

test('with a socket, nobody is refused while the watchdog replaces the primary', async () => {
  await install(command(''), 'WatchdogSec=1');
  await does('start', 'evenkeel.socket');
  const { primary } = await whoAnswers();
  // Who answers first does so before all are ready, and until then there is no watchdog.
  await eventually(async () => (await property('ActiveState')) === 'active');
  process.kill(primary, 'SIGSTOP');
  await eventually(async () => Number(await property('MainPID')) !== primary, 20_000);
  const load = newConnections(PORT, 50);
  await eventually(() => load.tally.ok > 20, 20_000);
  expect(await load.stop()).toMatchObject({ refused: 0, hung: 0 });
});

test('reuse-port with a socket is refused, with the reason in the journal', async () => {
  await install(command('-s reuse-port'), 'Restart=no');
  await does('start', 'evenkeel.socket');
  expect((await systemctl('start', 'evenkeel.service')).code).toBe(1);
  expect(await journal()).toMatch(/ERR_UNSUPPORTED/);
});
