import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { identity, namesDescriptors } from '../helpers/descriptors.ts';
import { connection, connectionsToOffer, fleet, MAX_DEPTH, Member, whatCame } from '../helpers/members.ts';
import { addon, closing } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

// What a lane carries, and the books that are kept of it.

const { Dispatcher, Lane, LoadTable, closeFd } = addon;

describe('the books', () => {
  test('go round their 32 bits', () => {
    const { dispatcher, members, join } = fleet(1);
    const [member] = members as [Member];
    join(member);
    for (let i = 0; i < 10; i++) member.giveBack(); // as if ten had been sent and returned: 2^32 - 10
    for (let i = 0; i < 4; i++) {
      for (let k = 0; k < 8; k++) dispatcher.offer(connection(), 0, 0);
      expect(member.slot.read().untaken).toBe(8);
      expect(member.take()).toHaveLength(8);
      expect(member.slot.read().untaken).toBe(0);
    }
  });

  test('a connection returned to a listener that is closed counts no more: there is room for as many', () => {
    const { table, dispatcher, members, join } = fleet(1);
    const [member] = members as [Member];
    join(member);
    const closed = new Dispatcher(table, 'round-robin', 1);
    closed.add(member.lane, 9);
    for (let i = 0; i < MAX_DEPTH; i++) closed.offer(connection(), 0, 0);
    closed.close();
    expect(member.take()).toHaveLength(MAX_DEPTH);
    for (let i = 0; i < MAX_DEPTH; i++) member.giveBack();
    for (let i = 0; i < MAX_DEPTH; i++) dispatcher.offer(connection(), 0, 0);
    expect(dispatcher.held()).toBe(0);
    expect(member.take()).toHaveLength(MAX_DEPTH);
  });

  test('are one for all listeners: together they send ahead as many as the worker wants', () => {
    const { table, dispatcher, members, join } = fleet(1);
    const [member] = members as [Member];
    const second = closing(new Dispatcher(table, 'round-robin', 1));
    join(member);
    second.add(member.lane, 9);
    member.set('depth', 10);
    for (let i = 0; i < 8; i++) {
      dispatcher.offer(connection(), 0, 0);
      second.offer(connection(), 0, 0);
    }
    expect(member.slot.read().untaken).toBe(10);
    expect(dispatcher.held() + second.held()).toBe(6);
  });
});

test('256 workers: each has its turn, and all that were sent to the dead come to the last one', async () => {
  const table = new LoadTable({ slots: 257 });
  const dispatcher = closing(new Dispatcher(table, 'round-robin', 1));
  const members = Array.from({ length: 256 }, (_, i) => new Member(i + 1, table));
  for (const member of members) dispatcher.add(member.lane, member.lease);
  const offered = connectionsToOffer(256);
  for (const { fd } of offered) dispatcher.offer(fd, 0, 0);
  expect(new Set(members.map((member) => member.slot.read().untaken))).toEqual(new Set([1]));
  dispatcher.offer(connection(), 255, 0); // returned by all the others
  const [last, ...dead] = members as [Member, ...Member[]];
  for (const { lease, lane } of dead) {
    dispatcher.remove(lease);
    expect(lane.recover()).toBe(true);
  }
  const taken = last.take();
  await eventually(() => taken.push(...last.take()) >= 257);
  expect(whatCame(taken)).toEqual(expect.arrayContaining(offered.map(({ what }) => what)));
});

test('who returned one is not asked again while another may have room; but not for ever', async () => {
  const { dispatcher, members, join } = fleet(2);
  const [full, stopped] = members as [Member, Member];
  for (const member of members) join(member);
  stopped.block(3_600_000_000_000n);
  dispatcher.offer(connection(), 1, full.lease);
  expect(dispatcher.held()).toBe(1);
  dispatcher.offer(connection(), 0, 0); // behind it
  const taken = full.take();
  await eventually(() => taken.push(...full.take()) >= 2);
  expect(dispatcher.held()).toBe(0);
});

describe('a lane', () => {
  test('that is full (EAGAIN), since its worker claims to have taken what it has not: none is lost', async () => {
    const { dispatcher, members, join } = fleet(1);
    const [member] = members as [Member];
    join(member);
    const offered = connectionsToOffer(400);
    for (const [i, { fd }] of offered.entries()) {
      dispatcher.offer(fd, 0, 0);
      if (dispatcher.held() === 0) member.scribble('taken', i + 1);
    }
    expect(dispatcher.held()).toBeGreaterThan(50); // the kernel takes some 278 messages
    const taken = member.take();
    await eventually(() => taken.push(...member.take()) >= 400);
    expect(whatCame(taken)).toEqual(offered.map(({ what }) => what));
  });

  test('closed twice, recovered when closed, dropped with connections in it', () => {
    const { dispatcher, members, join } = fleet(1);
    const [member] = members as [Member];
    join(member);
    const offered = connectionsToOffer(3);
    for (const { fd } of offered) dispatcher.offer(fd, 0, 0);
    dispatcher.remove(member.lease);
    member.lane.close();
    member.lane.close();
    expect(member.lane.recover()).toBe(true);
    member.end();
    for (const { fd, what } of offered) expect(identity(fd)).not.toBe(what);
  });

  test("whose worker never came: the descriptors in it are closed with it, the worker's end too", () => {
    const { dispatcher, table } = fleet(0);
    const lane = new Lane(table, 0);
    const workerEnd = lane.share();
    dispatcher.add(lane, 1);
    dispatcher.offer(connection(), 0, 0);
    dispatcher.remove(1);
    expect(lane.recover()).toBe(true);
    lane.close();
    closeFd(workerEnd);
    expect(dispatcher.held()).toBe(1);
  });

  // On Windows it is memory, where nothing can be sent.
  test.runIf(namesDescriptors)(
    'carries what a foreign process would make of it: nothing is taken that is not whole',
    () => {
      const { dispatcher, members, join } = fleet(1);
      const [member] = members as [Member];
      join(member);
      // The worker's end of a socket pair sends too, to the primary, which never reads there.
      const fd = member.lane.share();
      const script = 'import socket; s = socket.socket(fileno=3); [s.send(b"x" * 9) for _ in range(9)]';
      execFileSync('python3', ['-c', script], { stdio: ['ignore', 'inherit', 'inherit', fd] });
      closeFd(fd);
      dispatcher.offer(connection(), 0, 0);
      expect(member.take()).toHaveLength(1);
    },
  );
});
