import { expect, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { Reloadable } from '../helpers/reloadable.ts';
import { eventually, get } from '../helpers/requests.ts';

test('a worker of a later generation that dies is replaced, with back-off where that fails', async () => {
  await using fleet = new Reloadable(['-w', '2', '--min-uptime', '10000']);
  const port = await fleet.ready();
  fleet.deploy();
  await fleet.reload();
  const ask = async (): Promise<{ pid: number; version: number }> => JSON.parse(await get(port));
  const { pid } = await ask();
  fleet.deploy({ mode: 'crashes' });
  process.kill(pid, 'SIGKILL');
  const tries = () => fleet.log.filter(({ msg }) => / died: exit code 1; respawning in \d+ ms$/.test(msg));
  await fleet.logged(({ pid: dead, msg }) => dead === pid && msg.includes('killed by SIGKILL'));
  await eventually(() => tries().length >= 1);
  expect((await ask()).version).toBe(2); // the other one serves
  fleet.deploy();
  const { version } = fleet;
  await eventually(async () => (await ask()).version === version);
});

test.each(['disconnect', 'sigterm'])(
  'a worker that ends itself soon after it listens, by %s, is in a crash loop as well',
  async (how) => {
    await using fleet = new Fleet([fixture('ends-itself.mjs'), '-w', '1', '--min-uptime', '10000'], {
      HOW: how,
    });
    const { failures, delay } = await fleet.logged(({ msg }) => msg.startsWith('crash loop: '));
    expect(failures).toBe(3);
    expect(delay).toBeGreaterThan(0);
    await fleet.logged(({ msg }) => / ended after its drain; another takes its place in \d+ ms$/.test(msg));
  },
);

test('new code that fails soon after it listens: the old workers that are left stay, and it is said why', async () => {
  await using fleet = new Reloadable(['-w', '3', '--min-uptime', '10000']);
  const port = await fleet.ready();
  fleet.deploy({ mode: 'fails-later' });
  expect((await fleet.reload()).msg).toMatch(
    /of the new generation ended soon after it was ready: exit code 7; [12] of 3 workers were replaced, [12] old ones go on$/,
  );
  const ask = async (): Promise<number> => JSON.parse(await get(port)).version;
  await eventually(async () => (await ask()) === 1);
});

test('a crash loop of a later generation is said, and its delays grow', async () => {
  await using fleet = new Reloadable(['-w', '2', '--min-uptime', '10000']);
  const port = await fleet.ready();
  fleet.deploy();
  await fleet.reload();
  const { pid } = JSON.parse(await get(port));
  fleet.deploy({ mode: 'crashes' });
  process.kill(pid, 'SIGKILL');
  const loops = () => fleet.log.filter(({ msg }) => msg.startsWith('crash loop: '));
  await eventually(() => loops().length >= 3);
  expect(loops().map(({ failures }) => failures)).toEqual([3, 4, 5]);
  const [first, , third] = loops().map(({ delay }) => delay as number);
  expect(third).toBeGreaterThan(first as number);
  fleet.deploy();
  const { version } = fleet;
  await eventually(async () => JSON.parse(await get(port)).version === version);
});
