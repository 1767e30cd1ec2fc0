import { describe, expect, onTestFinished, test } from 'vitest';
import type { Group, ListenSocket } from '../../dist/binding.js';
import { fleet, type Member } from '../helpers/members.ts';
import { acceptAll, addon, closing, connections, listen } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

const THRESHOLD = 20;
/** Whose loop turns in time, as this process' own, is not blocked: longer than it is ever kept from its CPU. */
const LONG = 1000;
const MS = 1_000_000n;

interface Stall {
  slot: number;
  ended: boolean;
  duration: number;
  rescued: number;
}

interface Lent {
  member: Member;
  socket: ListenSocket;
  index: number;
}

/** A group whose members are lent to as many workers, none of which sleeps or blocks. The kernel's hash
 * chooses, so a test connects until it has what it needs where it needs it. */
function group(count: number, threshold = THRESHOLD) {
  const { table, dispatcher, members, join } = fleet(count, 'least-connections');
  const first = listen({ host: '127.0.0.1', port: 0, backlog: 200 });
  first.allowReusePort();
  const stalls: Stall[] = [];
  const stallsOf = ({ member }: Lent): Stall[] => stalls.filter(({ slot }) => slot === member.lease);
  const group: Group = closing(
    new addon.Group(
      table,
      dispatcher,
      null,
      threshold,
      (slot, ended, duration, rescued) => stalls.push({ slot, ended, duration, rescued }),
      (error) => {
        throw error;
      },
    ),
  );
  const lent = members.map((member, i): Lent => {
    const socket = i === 0 ? first : closing(first.member());
    const index = group.join(socket);
    group.lend(index, member.lane);
    join(member);
    return { member, socket, index };
  });
  // Their loops turn, until they are told to block or to sleep. Who sleeps comes for what waits.
  const turning = new Set(members);
  const sleeping = new Set<Lent>();
  const turn = (): void => {
    for (const member of turning) member.stampNow();
    for (const one of sleeping) if (empty(one) > 0) one.member.stampNow();
  };
  turn();
  const timer = setInterval(turn, 2);
  onTestFinished(() => clearInterval(timer));
  const { port } = first.address();
  /** Connects until so many wait in the queue of that one. */
  const fill = async ({ socket }: Lent, least: number): Promise<number> => {
    for (let made = 0; ; made++) {
      if (socket.queueLength() >= least) return made;
      await connections(1, port);
    }
  };
  const empty = ({ socket }: Lent): number => {
    const fds = acceptAll(socket);
    for (const fd of fds) addon.closeFd(fd);
    return fds.length;
  };
  const block = ({ member }: Lent, since = 1000n * MS): void => {
    turning.delete(member);
    member.block(since);
  };
  const sleep = (one: Lent): void => {
    sleeping.add(one);
    stop(one, 0n);
  };
  /** In its sleep, which began so long ago. */
  const stop = ({ member }: Lent, since: bigint): void => {
    turning.delete(member);
    member.block(since);
    member.set('idle', 1);
  };
  const wake = ({ member }: Lent): void => {
    member.set('idle', 0);
    turning.add(member);
    turn();
  };
  return { group, lent, stallsOf, fill, empty, block, sleep, stop, wake, port };
}

/** The primary looks every 5 ms: after so many ms it has, several times. */
const looks = (ms = 100): Promise<void> => {
  const begun = performance.now();
  return eventually(() => performance.now() - begun > ms);
};

describe('rescue', () => {
  test('who waits behind a blocked worker goes to one that sleeps; told at its begin and end', async () => {
    const { lent, stallsOf, fill, port, block, wake, sleep } = group(2, LONG);
    const [blocked, sleeper] = lent as [Lent, Lent];
    const stalls = () => stallsOf(blocked);
    block(blocked);
    sleep(sleeper);
    await fill(blocked, 1);
    await eventually(() => stalls().length === 1);
    expect(stalls()[0]).toMatchObject({ slot: blocked.member.lease, ended: false });
    expect(stalls()[0]?.duration).toBeGreaterThanOrEqual(LONG);
    let taken = 0;
    await eventually(() => {
      taken += sleeper.member.take().length;
      return taken > 0 && blocked.socket.queueLength() === 0;
    });
    wake(blocked);
    await eventually(() => stalls().length === 2);
    expect(stalls()[1]).toMatchObject({ slot: blocked.member.lease, ended: true, rescued: taken });
    expect(stalls()[1]?.duration).toBeGreaterThanOrEqual(LONG);
    // Whatever comes now is its own again.
    await connections(40, port);
    const own = blocked.socket.queueLength();
    expect(own).toBeGreaterThan(0);
    await looks();
    expect(blocked.socket.queueLength()).toBe(own);
    expect(stalls()).toHaveLength(2);
  });

  test('not to one that is busy, until it sleeps', async () => {
    const { lent, stallsOf, fill, block, sleep } = group(2, LONG);
    const [blocked, busy] = lent as [Lent, Lent];
    block(blocked);
    await fill(blocked, 3);
    await eventually(() => stallsOf(blocked).length === 1);
    await looks();
    expect(blocked.socket.queueLength()).toBeGreaterThanOrEqual(3);
    expect(busy.member.take()).toEqual([]);
    sleep(busy);
    await eventually(() => busy.member.slot.read().untaken > 0);
  });

  test('blocked for ten thresholds: to a busy one too', async () => {
    const { lent, stallsOf, fill, block } = group(2);
    const [stuck, busy] = lent as [Lent, Lent];
    const begun = performance.now();
    block(stuck, 0n);
    await fill(stuck, 3);
    await eventually(() => busy.member.slot.read().untaken >= 3);
    expect(performance.now() - begun).toBeGreaterThan(10 * THRESHOLD);
    expect(stallsOf(stuck)).toHaveLength(1);
  });

  test('no descriptors left: to whoever can take them, until there are some', async () => {
    const { lent, fill } = group(2, LONG);
    const [starved, other] = lent as [Lent, Lent];
    await fill(starved, 1);
    starved.member.set('depth', 0);
    await eventually(() => starved.socket.queueLength() === 0);
    expect(other.member.slot.read().untaken).toBeGreaterThanOrEqual(1);
    starved.member.set('depth', 1);
    await looks(30);
    await fill(starved, 1);
    await looks(30);
    expect(starved.socket.queueLength()).toBeGreaterThanOrEqual(1);
  });

  test('one at a time to each that sleeps: it may block with the first', async () => {
    const { lent, fill, block, sleep } = group(3);
    const [blocked, ...sleepers] = lent as [Lent, Lent, Lent];
    await fill(blocked, 6);
    for (const sleeper of sleepers) sleep(sleeper);
    block(blocked);
    await eventually(() => sleepers.every(({ member }) => member.slot.read().untaken > 0));
    await looks(30);
    for (const { member } of sleepers) expect(member.slot.read().untaken).toBe(1);
    expect(blocked.socket.queueLength()).toBe(4);
  });

  test('a worker that sleeps, whatever its stamp, is given the threshold to come', async () => {
    const { lent, stallsOf, fill, empty, stop } = group(2, LONG);
    const [late] = lent as [Lent, Lent];
    stop(late, 10_000n * MS);
    await fill(late, 1);
    await looks();
    expect(stallsOf(late)).toEqual([]);
    expect(empty(late)).toBeGreaterThanOrEqual(1); // it comes
    await looks(1.2 * LONG);
    expect(stallsOf(late)).toEqual([]);
  });

  test('one stopped in its sleep does not come: its connections go to another', async () => {
    const { lent, stallsOf, fill, wake, sleep, stop } = group(2);
    const [stopped, sleeper] = lent as [Lent, Lent];
    stop(stopped, 10_000n * MS);
    sleep(sleeper);
    await fill(stopped, 1);
    await eventually(() => stallsOf(stopped).length === 1 && sleeper.member.slot.read().untaken > 0);
    // It goes on, and has nothing to wake up for but what the primary sends it.
    await eventually(() => stopped.member.slot.read().untaken === 0 && nudged(stopped.member));
    wake(stopped);
    await eventually(() => stallsOf(stopped)[1]?.ended === true);
  });

  test('a threshold of 0: they wait', async () => {
    const { lent, stallsOf, fill, block, sleep } = group(2, 0);
    const [blocked, sleeper] = lent as [Lent, Lent];
    block(blocked);
    sleep(sleeper);
    await fill(blocked, 1);
    await looks();
    expect(stallsOf(blocked)).toEqual([]);
    expect(blocked.socket.queueLength()).toBeGreaterThanOrEqual(1);
  });

  test('after a quiet time the first connection is noticed too', async () => {
    const { lent, stallsOf, fill, block, sleep } = group(2);
    const [blocked, sleeper] = lent as [Lent, Lent];
    sleep(sleeper);
    await looks(300);
    block(blocked);
    await fill(blocked, 1);
    await eventually(() => stallsOf(blocked).length === 1 && sleeper.member.slot.read().untaken > 0);
  });

  test('a stamp from the future is not believed', async () => {
    const { lent, stallsOf, fill, block, sleep } = group(2);
    const [scribbled, sleeper] = lent as [Lent, Lent];
    block(scribbled, -3_600_000n * MS);
    sleep(sleeper);
    await fill(scribbled, 1);
    await eventually(() => stallsOf(scribbled).length === 1);
  });

  const nudged = (member: Member): boolean => {
    member.take();
    return member.nudges > 0;
  };
});

describe('a member without a worker', () => {
  test('until it is lent, while it drains and when it is reclaimed, others get what it has', async () => {
    const { group: one, lent, fill } = group(2, LONG);
    const [leaving, staying] = lent as [Lent, Lent];
    let taken = 0;
    const served = () =>
      eventually(() => {
        taken += [leaving, staying].reduce((sum, { member }) => sum + member.take().length, 0);
        return leaving.socket.queueLength() === 0;
      });
    await fill(leaving, 5);
    one.drain(leaving.index);
    await served();
    expect(taken).toBeGreaterThanOrEqual(5);
    await fill(staying, 1); // the hash chooses: what comes to the other is served at once
    await served();
    one.reclaim(leaving.index);
    taken = 0;
    while (taken === 0) {
      await connections(5, staying.socket.address().port);
      await served();
    }
    one.lend(leaving.index, leaving.member.lane);
    await fill(leaving, 1);
    await looks(30);
    expect(leaving.socket.queueLength()).toBeGreaterThanOrEqual(1);
  });

  test('no such member, and nothing after close()', () => {
    const { group: one, lent } = group(1);
    const [only] = lent as [Lent];
    expect(() => one.lend(7, only.member.lane)).toThrow(RangeError);
    expect(() => one.reclaim(-1)).toThrow(RangeError);
    one.close();
    one.close();
    one.reclaim(7);
    expect(() => one.join(only.socket)).toThrow('closed');
  });
});
