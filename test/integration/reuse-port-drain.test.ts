import { describe, expect, test } from 'vitest';
import type { Fleet } from '../helpers/fleet.ts';
import { newConnections } from '../helpers/load.ts';
import { MECHANISMS } from '../helpers/privileges.ts';
import { stop } from '../helpers/processes.ts';
import { eventually, get, nextWorker } from '../helpers/requests.ts';
import { answerer, ask, sharing } from '../helpers/reuse-port.ts';

// A worker that goes, or dies, leaves what is in its accept queue to the others.

const QUEUED = 30;
/** More of them where somebody has the time. */
const CYCLES = Number(process.env.EVENKEEL_TEST_CYCLES ?? 5);
const NO_RESCUE = ['--stall-threshold', '0']; // so that they stay in the queue

/** Who is sent a SIGTERM just after its start has not failed. */
const NEVER_TOO_SOON = ['--min-uptime', '1'];

type Asked = Awaited<ReturnType<typeof ask>>;

/** Asks until so many wait for the one worker of `workers` that does not take them; who waits. */
async function queue(port: number, workers: number): Promise<Asked[]> {
  const all = await Promise.all(Array.from({ length: QUEUED * workers * 2 }, () => ask(port)));
  let waiting: Asked[] = [];
  let steady = 0;
  await eventually(() => {
    const now = all.filter(({ isAnswered }) => !isAnswered());
    steady = now.length === waiting.length ? steady + 1 : 0;
    waiting = now;
    return steady === 20; // nobody was answered for so many looks: the others have done theirs
  });
  expect(waiting.length).toBeGreaterThanOrEqual(QUEUED);
  return waiting;
}

const answers = (asked: Asked[]) => Promise.all(asked.map(({ answer }) => answer));

describe.each(MECHANISMS)('$name', (privilege) => {
  test('SIGTERM to a worker that blocks: who was in its queue is answered by the others at once', async () => {
    await using fleet = sharing('blocked-loop.mjs', 2, 'hash', privilege);
    const port = await fleet.ready();
    const blocked = get(port, '/block?2000');
    const pid = Number((await fleet.printed(/^blocked/)).split(' ')[1]);
    const all = await Promise.all(Array.from({ length: QUEUED * 2 }, () => ask(port)));
    process.kill(pid, 'SIGTERM');
    for (const answer of await answers(all)) expect(answerer(answer)).not.toBe(pid);
    expect(await blocked).toBe(String(pid));
    await fleet.logged(({ msg, pid: ended }) => ended === pid && msg.includes('ended after its drain'));
  });

  test('the same where nobody is rescued: they are answered when it turns, none is reset', async () => {
    await using fleet = sharing('blocked-loop.mjs', 2, 'hash', privilege, NO_RESCUE);
    const port = await fleet.ready();
    const blocked = get(port, '/block?2000');
    const pid = Number((await fleet.printed(/^blocked/)).split(' ')[1]);
    const waiting = await queue(port, 2);
    process.kill(pid, 'SIGTERM');
    for (const answer of await answers(waiting)) answerer(answer);
    expect(await blocked).toBe(String(pid));
    await fleet.logged(({ msg, pid: ended }) => ended === pid && msg.includes('ended after its drain'));
  });

  test('killed: who was in its queue is answered by the others, before anybody is in its place', async () => {
    const env = { WORKERS: '2' };
    await using fleet = sharing('slow-heir.mjs', 2, 'hash', privilege, NO_RESCUE, env);
    const port = await fleet.ready();
    const { pid } = await nextWorker(port);
    await stop(pid);
    const waiting = await queue(port, 2);
    process.kill(pid, 'SIGKILL');
    for (const answer of await answers(waiting)) expect(answerer(answer)).not.toBe(pid);
    expect(listeners(fleet)).toBe(2);
  });
});

const listeners = (fleet: Fleet) => fleet.output.filter((line) => line.startsWith('listens ')).length;

test.each(MECHANISMS)(
  'least connections, $mechanism: a worker after another drains under load',
  async (privilege) => {
    await using fleet = sharing('http-hello.mjs', 3, 'least-connections', privilege, NEVER_TOO_SOON);
    const port = await fleet.ready();
    const load = newConnections(port, 300);
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const { pid } = await nextWorker(port);
      process.kill(pid, 'SIGTERM');
      await fleet.logged(({ msg, pid: ended }) => ended === pid && msg.includes('ended after its drain'));
      const answered = load.tally.ok;
      await eventually(() => load.tally.ok >= answered + 60);
    }
    const { ok, ...failures } = await load.stop();
    expect(failures).toEqual({ refused: 0, reset: 0, empty: 0, hung: 0, other: 0 });
    expect(ok).toBeGreaterThanOrEqual(300);
  },
  30_000 + CYCLES * 3000,
);
