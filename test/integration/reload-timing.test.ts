import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../helpers/free-port.ts';
import { childrenOf } from '../helpers/processes.ts';
import { Reloadable } from '../helpers/reloadable.ts';
import { eventually, get } from '../helpers/requests.ts';

// What reaches a worker at the worst moment of a reload.

/** A fleet of two whose reload has come so far: its new worker waits for FILE.go. */
async function held(args: string[] = []) {
  const fleet = new Reloadable(['-w', '2', '--wait-ready', ...args], {}, { mode: 'waits' });
  const go = `${fleet.file}.go`;
  writeFileSync(go, '');
  const port = await fleet.ready();
  const pid = fleet.process.pid as number;
  const old = childrenOf(pid);
  rmSync(go);
  fleet.deploy({ mode: 'waits' });
  const reload = fleet.reload();
  const isNew = (child: number) => !old.includes(child);
  await eventually(() => childrenOf(pid).some(isNew));
  const candidate = childrenOf(pid).find(isNew) as number;
  await fleet.printed(new RegExp(`^waits ${candidate}$`));
  return { fleet, port, pid, old, candidate, reload, go };
}

test('a SIGTERM for the new worker alone: the reload fails, and no other comes in its place', async () => {
  const { fleet: owned, port, pid, old, candidate, reload } = await held();
  await using fleet = owned;
  fleet.deploy({ mode: 'crashes' });
  process.kill(candidate, 'SIGTERM');
  expect((await reload).msg).toMatch(
    /ended before it was ready: killed by SIGTERM; 0 of 2 .* 2 old ones go on$/,
  );
  expect(childrenOf(pid)).toEqual(old);
  expect(JSON.parse(await get(port))).toMatchObject({ version: 1 });
});

test('new code that listens only after the reload has failed serves nobody', async () => {
  await using fleet = new Reloadable(['-w', '1']);
  const port = await fleet.ready();
  const pid = fleet.process.pid as number;
  fleet.deploy({ mode: 'blocks' });
  const versions = new Set<number>();
  let isOver = false;
  const client = async () => {
    while (!isOver) versions.add(JSON.parse(await get(port)).version);
  };
  const clients = Array.from({ length: 4 }, client);
  expect((await fleet.reload()).msg).toMatch(/did not listen within 3000 ms/);
  await fleet.printed(/^blocks/);
  writeFileSync(`${fleet.file}.go`, '');
  await eventually(() => childrenOf(pid).length === 1);
  isOver = true;
  await Promise.all(clients);
  expect([...versions]).toEqual([1]);
});

describe('where an old worker has listened and does so no more, the new one need not', () => {
  const others = async (): Promise<(number | string)[]> => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-drops-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return [0, await freePort(), path.join(folder, 'socket'), `udp:${await freePort()}`];
  };

  test('a port, a Unix socket, UDP, closed before the reload', async () => {
    await using fleet = new Reloadable(['-w', '2'], {}, { mode: 'drops', listenOn: await others() });
    await fleet.ready();
    writeFileSync(`${fleet.file}.go`, '');
    await eventually(() => fleet.output.filter((line) => line.startsWith('dropped ')).length === 2);
    fleet.deploy();
    expect((await fleet.reload()).msg).toMatch(/^reloaded: 2 workers/);
  });

  test('closed while the new one is waited for', async () => {
    await using fleet = new Reloadable(
      ['-w', '1', '--listen-timeout', '20000'],
      {},
      { mode: 'drops', listenOn: await others() },
    );
    await fleet.ready();
    fleet.deploy({ mode: 'says' });
    const reload = fleet.reload();
    await fleet.printed(/^listens /);
    writeFileSync(`${fleet.file}.go`, '');
    expect((await reload).msg).toMatch(/^reloaded: 1 workers/);
  });

  test('it has died while the new one was waited for', async () => {
    const listenOn = await others();
    await using fleet = new Reloadable(
      ['-w', '1', '--listen-timeout', '20000'],
      {},
      { mode: 'drops', listenOn },
    );
    await fleet.ready();
    const [old] = childrenOf(fleet.process.pid as number) as [number];
    fleet.deploy({ mode: 'says' });
    const reload = fleet.reload();
    await fleet.printed(/^listens /);
    process.kill(old, 'SIGKILL');
    expect((await reload).msg).toMatch(/^reloaded: 1 workers/);
  });
});

test('where an old worker has listened and does so no more, the new one need not', async () => {
  await using fleet = new Reloadable(['-w', '2'], {}, { mode: 'tries-a-port' });
  await fleet.ready();
  fleet.deploy({ mode: 'tries-a-port' });
  expect((await fleet.reload()).msg).toMatch(/^reloaded: 2 workers/);
});
