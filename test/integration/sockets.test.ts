import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { get } from '../helpers/requests.ts';

describe.each(STRATEGIES)('%s', (strategy) => {
  test('the backlog is what the application asked for, on every socket', async () => {
    await using fleet = new Fleet([fixture('backlog-and-children.mjs'), '-w', '2', '-s', strategy]);
    const port = await fleet.ready();
    // ss shows a listener's backlog as Send-Q.
    const lines = execFileSync('ss', ['-Hltn', `sport = :${port}`], { encoding: 'utf8' })
      .trim()
      .split('\n');
    const backlogs = lines.map((line) => Number(line.trim().split(/\s+/)[2]));
    expect(backlogs).toEqual(strategy === 'reuse-port' ? [77, 77] : [77]);
  });

  test("a process the application starts inherits none of evenkeel's descriptors", async () => {
    await using fleet = new Fleet([fixture('backlog-and-children.mjs'), '-w', '2', '-s', strategy]);
    const listing = await get(await fleet.ready());
    const fds = [...listing.matchAll(/ (\d+) -> (.*)/g)].map(([, fd, target]) => ({
      fd: Number(fd),
      target,
    }));
    expect(fds.map(({ fd }) => fd)).toEqual(expect.arrayContaining([0, 1, 2]));
    // Whatever the machine itself left open: no socket and no shared memory is among it.
    expect(fds.filter(({ fd, target }) => fd > 2 && /socket:|memfd:/.test(String(target)))).toEqual([]);
  });
});

test('a worker has its own channel only, and the primary keeps the listening socket', async () => {
  await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '3', '-s', 'hand-off']);
  const port = await fleet.ready();
  const { pid } = JSON.parse(await get(port));
  const sockets = (of: number) =>
    readdirSync(`/proc/${of}/fd`)
      .map((fd) => readlinkSync(`/proc/${of}/fd/${fd}`))
      .filter((target) => target.startsWith('socket:'));
  const listener = /ino:(\d+)/.exec(
    execFileSync('ss', ['-Hltne', `sport = :${port}`], { encoding: 'utf8' }),
  )?.[1];
  expect(sockets(fleet.process.pid as number)).toContain(`socket:[${listener}]`);
  expect(sockets(pid)).not.toContain(`socket:[${listener}]`);
  // It has the load table mapped, and no descriptor of it.
  expect(readFileSync(`/proc/${pid}/maps`, 'utf8')).toContain('evenkeel-load-table');
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  expect(targets.filter((target) => target.includes('evenkeel'))).toEqual([]);
});
