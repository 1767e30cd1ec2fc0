import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { fixture, NODE } from '../helpers/fleet.ts';
import { MECHANISMS, PRIVILEGES, type Privilege, policiesOf } from '../helpers/privileges.ts';
import { stop } from '../helpers/processes.ts';
import { eventually, nextWorker } from '../helpers/requests.ts';
import { sharing } from '../helpers/reuse-port.ts';

// A worker of four that blocks or is stopped: who waits for it is given to the others.

const CLIENTS = 100;
const BLOCKED = 2000; // ms; of library/stalls.mjs

interface Outcome {
  /** Who blocked. */
  pid: number;
  /** Clients that had their answer when the block ended. */
  answeredBefore: number;
  /** Clients of those that the one that blocked answered. */
  byBlocked: number;
  events: { event: string; pid: number; duration?: number; rescued?: number }[];
  log: { msg: string; pid: number }[];
  workers: { pid: number; stalls: number; rescued: number }[];
}

async function stalls({ before }: Privilege, policy: string, threshold: number): Promise<Outcome> {
  const command = [...before, NODE, fixture('library/stalls.mjs'), policy, String(threshold)];
  const [file, ...args] = command as [string, ...string[]];
  const { stdout } = await promisify(execFile)(file, args, { timeout: 20_000 });
  return JSON.parse(stdout.split('\n').find((line) => line.startsWith('{')) ?? '');
}

// source-hash: its clients wait, as source-hash.test.ts says.
describe.each(PRIVILEGES)('$name', (privilege) => {
  const policies = policiesOf(privilege).filter((policy) => policy !== 'source-hash');

  test.concurrent.each(policies)('%s: nobody waits for the end of a block', async (policy) => {
    const { pid, answeredBefore, byBlocked, events, log, workers } = await stalls(privilege, policy, 20);
    expect({ answeredBefore, byBlocked }).toEqual({ answeredBefore: CLIENTS, byBlocked: 0 });
    // On a machine with much to do it, and others, may seem blocked for a moment at another time too.
    const his = events.filter((event) => event.pid === pid);
    expect(his[0]?.event).toBe('stall');
    const rescues = his.filter(({ event }) => event === 'rescue');
    const [{ duration = 0, rescued = 0 } = {}, ...further] = rescues.filter(
      (rescue) => (rescue.duration ?? 0) > BLOCKED / 2,
    );
    expect(further).toEqual([]);
    expect(duration).toBeGreaterThan(BLOCKED / 2);
    expect(duration).toBeLessThan(BLOCKED * 2);
    expect(rescued).toBeGreaterThan(0);
    expect(rescued).toBeLessThan(CLIENTS);
    const sum = rescues.reduce((all, rescue) => all + (rescue.rescued ?? 0), 0);
    expect(workers.find((worker) => worker.pid === pid)).toMatchObject({
      stalls: rescues.length,
      rescued: sum,
    });
    // A moment's stall is said as it ends; only a long one is said when it begins, too.
    const said = log.filter((line) => line.pid === pid).map(({ msg }) => msg);
    const long = said.filter(
      (msg) => Number(/did not turn for (\d+) ms/.exec(msg)?.[1] ?? BLOCKED) > BLOCKED / 2,
    );
    expect(long).toEqual([
      expect.stringContaining('its event loop has not turned for a second'),
      expect.stringMatching(/did not turn for \d+ ms while connections waited for it; \d+ of them went/),
    ]);
  });

  test.concurrent('hash, threshold 0: some wait until it turns, and nothing is said', async () => {
    const { answeredBefore, byBlocked, events, log, workers } = await stalls(privilege, 'hash', 0);
    expect(answeredBefore).toBeLessThan(CLIENTS);
    expect(byBlocked).toBeGreaterThan(0);
    expect({ events, log }).toEqual({ events: [], log: [] });
    for (const worker of workers) expect(worker).toMatchObject({ stalls: 0, rescued: 0 });
  });

  if (MECHANISMS.includes(privilege))
    test.concurrent.each(policies)(
      '%s: a worker that is stopped in its sleep, and goes on',
      async (policy) => {
        await using fleet = sharing('http-hello.mjs', 4, policy, privilege);
        const port = await fleet.ready();
        const { pid } = await nextWorker(port);
        await stop(pid);
        const answers = await Promise.all(Array.from({ length: CLIENTS }, () => nextWorker(port)));
        expect(answers.filter((answer) => answer.pid === pid)).toEqual([]);
        process.kill(pid, 'SIGCONT');
        await eventually(async () => (await nextWorker(port)).pid === pid);
      },
    );
});
