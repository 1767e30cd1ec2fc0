import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { connectionsInside } from '../helpers/connections.ts';
import { fixture, NODE } from '../helpers/fleet.ts';
import { newConnections } from '../helpers/load.ts';
import { stop } from '../helpers/processes.ts';
import { eventually } from '../helpers/requests.ts';

test.each(['round-robin', 'least-connections'])(
  'a worker is killed while the primary’s own JavaScript is busy, %s: the others serve meanwhile',
  async (policy) => {
    const primary = spawn(NODE, [fixture('library/busy-primary.mjs'), policy], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => {
      primary.kill('SIGKILL');
    });
    const lines = createInterface({ input: primary.stdout })[Symbol.asyncIterator]();
    const line = async () => (await lines.next()).value as string;
    const { port, pids } = JSON.parse(await line()) as { port: number; pids: number[] };
    const load = newConnections(port, 200);
    await eventually(() => load.tally.ok > 50);

    primary.stdin.write('2500\n');
    expect(await line()).toBe('busy');
    let isBusy = true;
    const isFree = line().finally(() => {
      isBusy = false;
    });
    const [victim] = pids as [number];
    await stop(victim); // so that it can be counted what it has
    const inside = connectionsInside(victim, port);
    process.kill(victim, 'SIGKILL');
    const before = load.tally.ok;
    await eventually(() => load.tally.ok > before + 200 || !isBusy); // of 500 that are sent
    expect(isBusy).toBe(true);
    expect(await isFree).toBe('free');

    const { refused, reset, empty, hung, other } = await load.stop();
    expect({ refused, hung, other }).toEqual({ refused: 0, hung: 0, other: 0 });
    expect(reset + empty).toBeLessThanOrEqual(inside);
    primary.stdin.end();
    expect(await once(primary, 'exit')).toEqual([0, null]);
  },
);
