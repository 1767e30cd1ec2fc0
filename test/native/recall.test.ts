import { describe, expect, test } from 'vitest';
import { identity, namesDescriptors } from '../helpers/descriptors.ts';
import { connection, connectionsToOffer, fleet, type Member, whatCame } from '../helpers/members.ts';
import { addon, closing } from '../helpers/native.ts';
import { randomBytes } from '../helpers/random.ts';
import { eventually } from '../helpers/requests.ts';

// Connections that were sent to a worker and that it does not take.

const { Dispatcher } = addon;

/** In ms. To say what a socket is takes some itself in Wine. */
const QUICK = namesDescriptors ? 50 : 500;

/** What a member takes, when it has taken so many. */
async function takes(member: Member, count: number) {
  const taken = member.take();
  await eventually(() => taken.push(...member.take()) >= count);
  return taken;
}

/** The same of one that sleeps again each time. */
async function takesInNaps(member: Member, count: number) {
  const taken: ReturnType<Member['take']> = [];
  await eventually(() => {
    taken.push(...member.take());
    member.sleep();
    return taken.length >= count;
  });
  return taken;
}

/** Two members, of which the first has been sent so many and blocks, and the second sleeps. */
function stalled(count: number, policy: Parameters<typeof fleet>[1] = 'round-robin') {
  const { table, dispatcher, members, join } = fleet(2, policy);
  const [stuck, sleeper] = members as [Member, Member];
  join(stuck);
  const offered = connectionsToOffer(count);
  for (const { fd } of offered) dispatcher.offer(fd, 0, 0);
  expect(stuck.slot.read().untaken).toBe(count);
  stuck.block();
  sleeper.sleep();
  join(sleeper);
  return { table, dispatcher, stuck, sleeper, offered };
}

describe.each(['round-robin', 'least-connections'] as const)('a worker that blocks, %s', (policy) => {
  test('what it was sent goes to one that sleeps, in its order, within tens of ms', async () => {
    const times: number[] = [];
    for (let round = 0; round < 10; round++) {
      const { stuck, sleeper, offered } = stalled(8, policy);
      const begun = performance.now();
      expect(whatCame(await takes(sleeper, 8))).toEqual(offered.map(({ what }) => what));
      times.push(performance.now() - begun);
      expect(stuck.take()).toEqual([]);
      expect(stuck.slot.read().untaken).toBe(0);
    }
    expect(Math.min(...times)).toBeLessThan(QUICK); // the others may have had to wait for a CPU
  });

  test('gets connections again as soon as its loop turns', async () => {
    const { dispatcher, stuck, sleeper } = stalled(4, policy);
    await takesInNaps(sleeper, 4);
    for (let i = 0; i < 6; i++) {
      dispatcher.offer(connection(), 0, 0);
      await takesInNaps(sleeper, 1);
    }
    stuck.turn();
    dispatcher.offer(connection(), 0, 0);
    await takes(stuck, 1);
  });
});

test('nobody sleeps: it keeps what it has', async () => {
  const { dispatcher, members, join } = fleet(2);
  const [stuck, busy] = members as [Member, Member];
  join(stuck);
  for (let i = 0; i < 4; i++) dispatcher.offer(connection(), 0, 0);
  stuck.block();
  busy.block();
  join(busy);
  await new Promise((resolve) => setTimeout(resolve, 50)); // there is no event for what does not happen
  expect(stuck.take()).toHaveLength(4);
});

test('by source everybody waits for his worker', async () => {
  const { dispatcher, members, join } = fleet(2, 'source-hash');
  for (const member of members) join(member);
  for (let i = 0; i < 4; i++) dispatcher.offer(connection(), 0, 0);
  const [his, other] = [...members].sort((a, b) => b.slot.read().untaken - a.slot.read().untaken);
  his?.block();
  other?.sleep();
  await new Promise((resolve) => setTimeout(resolve, 50)); // there is no event for what does not happen
  expect([his?.take().length, other?.take().length]).toEqual([4, 0]);
});

test('a worker stopped in its sleep looks ready: it is tried ever more rarely', async () => {
  const { dispatcher, members, join } = fleet(2);
  const [stopped, sleeper] = members as [Member, Member];
  for (const member of members) {
    member.sleep();
    join(member);
  }
  let tries = 0;
  const begun = performance.now();
  while (performance.now() - begun < 700) {
    dispatcher.offer(connection(), 0, 0);
    if (stopped.slot.read().untaken > 0) tries++;
    await takesInNaps(sleeper, 1);
  }
  expect(tries).toBeGreaterThan(0);
  expect(tries).toBeLessThan(10); // after 20 ms, 40, 80, …
});

test('recalled while it is being taken: each connection is taken once', async () => {
  const { seed, next } = randomBytes();
  console.log(`EVENKEEL_TEST_SEED=${seed}`);
  const { dispatcher, members, join } = fleet(3, 'least-connections');
  for (const member of members) join(member);
  const offered = new Set<string | undefined>();
  const taken: (string | undefined)[] = [];
  const take = (member: Member) => {
    taken.push(...whatCame(member.take()));
  };
  for (let i = 0; i < 3000; i++) {
    if (offered.size < 400 && offered.size - taken.length < 60) {
      const [one] = connectionsToOffer(1);
      offered.add(one?.what);
      dispatcher.offer(one?.fd ?? -1, 0, 0);
    }
    const [which, what] = next(2) as unknown as [number, number];
    const member = members[which % 3] as Member;
    if (what < 60) member.block();
    else if (what < 120) member.sleep();
    else if (what < 140) member.turn();
    else take(member);
    if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5)); // time for the reactor
  }
  await eventually(() => {
    for (const member of members) {
      member.turn();
      take(member);
    }
    return taken.length >= offered.size;
  });
  expect(taken).toHaveLength(offered.size);
  expect(new Set(taken)).toEqual(offered);
  expect(members.map((member) => member.slot.read().untaken)).toEqual([0, 0, 0]);
});

describe('several listeners', () => {
  test('on one lane: each connection goes back to its own, under whose lease it is sent again', async () => {
    const { table, dispatcher, stuck, sleeper, offered } = stalled(3);
    const second = closing(new Dispatcher(table, 'round-robin', 1));
    second.add(stuck.lane, 11);
    stuck.turn();
    const others = connectionsToOffer(5);
    for (const { fd } of others) second.offer(fd, 0, 0);
    stuck.block();
    second.add(sleeper.lane, 12);
    dispatcher.offer(connection(), 0, 0); // an event, as any
    const taken = await takesInNaps(sleeper, 9);
    const under = (lease: number) => whatCame(taken.filter((one) => one.lease === lease));
    expect(under(sleeper.lease)).toEqual(expect.arrayContaining(offered.map(({ what }) => what)));
    expect(under(12)).toEqual(others.map(({ what }) => what));
  });

  test('one of them closed: its connections are closed, the others go on', async () => {
    const { table, dispatcher, stuck, sleeper, offered } = stalled(3);
    const second = new Dispatcher(table, 'round-robin', 1);
    stuck.turn();
    second.add(stuck.lane, 11);
    const [lost] = connectionsToOffer(1);
    second.offer(lost?.fd ?? -1, 0, 0);
    second.close();
    stuck.block();
    dispatcher.offer(connection(), 0, 0); // an event, as any
    const taken = await takesInNaps(sleeper, 4);
    expect(whatCame(taken)).toEqual(expect.arrayContaining(offered.map(({ what }) => what)));
    expect(whatCame(taken)).not.toContain(lost?.what);
    await eventually(() => stuck.slot.read().untaken === 0);
  });
});

describe('a dead worker', () => {
  test('leaves what it had not taken to the others; once more is nothing', async () => {
    const { dispatcher, members, join } = fleet(2);
    const [dead, heir] = members as [Member, Member];
    join(dead);
    const offered = connectionsToOffer(20);
    for (const { fd } of offered) dispatcher.offer(fd, 0, 0);
    dispatcher.remove(dead.lease);
    expect(dead.lane.recover()).toBe(true);
    expect(dead.lane.recover()).toBe(true);
    dead.lane.close();
    expect(dead.lane.recover()).toBe(true);
    join(heir);
    expect(whatCame(await takes(heir, 20))).toEqual(offered.map(({ what }) => what));
  });
});

test('close() closes what comes back later', async () => {
  const { dispatcher, members, join } = fleet(1);
  const [member] = members as [Member];
  join(member);
  const [sent] = connectionsToOffer(1);
  dispatcher.offer(sent?.fd ?? -1, 0, 0);
  dispatcher.close();
  member.lane.recover();
  expect(identity(sent?.fd ?? -1)).not.toBe(sent?.what);
  expect(member.take()).toEqual([]);
});
