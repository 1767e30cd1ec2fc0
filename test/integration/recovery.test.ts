import { expect, test } from 'vitest';
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
