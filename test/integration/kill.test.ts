import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { connectionsInside } from '../helpers/connections.ts';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { newConnections } from '../helpers/load.ts';
import { eventually, isStopped, nextWorker } from '../helpers/requests.ts';

const KILLS = 20;
const RATE = 400;

describe.each(STRATEGIES)('%s', (strategy) => {
  test(`${KILLS} workers killed with SIGKILL at ${RATE} new connections a second`, async () => {
    await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '4', '-s', strategy]);
    const port = await fleet.ready();
    const load = newConnections(port, RATE);
    let inside = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const { pid } = await nextWorker(port).catch(() => nextWorker(port)); // may meet the dying one
      process.kill(pid, 'SIGSTOP'); // so that it can be counted what it has
      await eventually(() => isStopped(pid));
      inside += connectionsInside(pid, port);
      process.kill(pid, 'SIGKILL');
      await fleet.logged(({ msg, pid: dead }) => dead === pid && msg.includes('killed by SIGKILL'));
      const answered = load.tally.ok;
      await eventually(() => load.tally.ok >= answered + 40);
    }
    const { ok, refused, reset, empty, hung, other } = await load.stop();
    expect({ refused, hung, other }).toEqual({ refused: 0, hung: 0, other: 0 });
    // What the killed processes had accepted died with them; nothing else did.
    expect(reset + empty).toBeLessThanOrEqual(inside);
    expect(ok).toBeGreaterThanOrEqual(KILLS * 40);
  });

  test('the only worker is killed: its clients wait for the next one, and nobody is refused', async () => {
    await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '1', '-s', strategy]);
    const port = await fleet.ready();
    const { pid } = await nextWorker(port);
    process.kill(pid, 'SIGKILL');
    await fleet.logged(({ msg }) => msg.includes('killed by SIGKILL'));
    const answers = await Promise.all(Array.from({ length: 20 }, () => nextWorker(port)));
    expect(new Set(answers.map((answer) => answer.pid)).size).toBe(1);
    expect(answers[0]?.pid).not.toBe(pid);
  });

  test('connections sent to a stopped worker, then killed, are served by the others', async () => {
    await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '2', '-s', strategy]);
    const port = await fleet.ready();
    const { pid } = await nextWorker(port);
    process.kill(pid, 'SIGSTOP');
    let answered = 0;
    const answers = Array.from({ length: 40 }, async () => {
      const answer = await nextWorker(port);
      answered++;
      return answer;
    });
    // One at least goes elsewhere; some may wait in the stopped worker's queue or channel now.
    await eventually(() => answered > 0);
    process.kill(pid, 'SIGKILL');
    const served = await Promise.all(answers);
    expect(served.filter((answer) => answer.pid === pid)).toEqual([]);
  });
});
