import { describe, expect, test } from 'vitest';
import type { NativeLoadTable } from '../../dist/binding.js';
import { identity } from '../helpers/descriptors.ts';
import {
  connection,
  connectionsToOffer,
  fleet,
  MAX_DEPTH,
  type Member,
  whatCame,
} from '../helpers/members.ts';
import { addon, listen } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';
import { thrown } from '../helpers/thrown.ts';

const { Acceptor, Channel: ChannelClass, Dispatcher: DispatcherClass, Lane, LoadTable, finalHop } = addon;

describe('round robin', () => {
  test('while all keep up: strictly in turn', () => {
    const { dispatcher, members, join } = fleet(3);
    for (const member of members) join(member);
    const order: number[] = [];
    for (let i = 0; i < 12; i++) {
      dispatcher.offer(connection(), 0, 0);
      for (const member of members) if (member.take().length === 1) order.push(member.lease);
    }
    const first = order.slice(0, 3);
    expect([...first].sort()).toEqual([1, 2, 3]);
    expect(order).toEqual([...first, ...first, ...first, ...first]);
  });

  test('a member whose loop does not turn is passed over, and makes up for some of it later', () => {
    const { dispatcher, members, join } = fleet(3);
    const [stuck, ...busy] = members as [Member, Member, Member];
    for (const member of members) join(member);
    stuck.block();
    const serve = (count: number) => {
      const served = [0, 0, 0];
      for (let i = 0; i < count; i++) {
        dispatcher.offer(connection(), 0, 0);
        for (const [k, member] of [stuck, ...busy].entries()) {
          served[k] = (served[k] ?? 0) + member.take().length;
        }
      }
      return served;
    };
    expect(serve(60)).toEqual([0, 30, 30]);
    stuck.turn();
    expect(serve(16)).toEqual([16, 0, 0]); // and not the 30 that it missed
    expect(serve(24)).toEqual([8, 8, 8]);
  });

  test(`nobody takes: ${MAX_DEPTH} each, the rest is held, and sent to who takes`, async () => {
    const { dispatcher, members, join } = fleet(2);
    for (const member of members) join(member);
    for (let i = 0; i < 2 * MAX_DEPTH + 10; i++) dispatcher.offer(connection(), 0, 0);
    expect(dispatcher.held()).toBe(10);
    expect(members.map((member) => member.slot.read().untaken)).toEqual([MAX_DEPTH, MAX_DEPTH]);
    let taken = 0;
    await eventually(() => {
      taken += members[0]?.take().length ?? 0; // more may come in the midst
      return taken === MAX_DEPTH + 10;
    });
    expect(dispatcher.held()).toBe(0);
    expect(members[1]?.take()).toHaveLength(MAX_DEPTH);
  });

  test('garbage in the load table does not starve a member for good', () => {
    const { dispatcher, members, join } = fleet(1);
    const [member] = members as [Member];
    join(member);
    member.set('taken', 1000); // far more than were ever sent
    dispatcher.offer(connection(), 0, 0);
    expect(dispatcher.held()).toBe(0);
    expect(member.take()).toHaveLength(1);
  });
});

describe('which connection goes where', () => {
  test('9 over 3 members: the first, fourth and seventh to one, and so on, each to nobody else', () => {
    const { dispatcher, members, join } = fleet(3);
    for (const member of members) join(member);
    const offered = connectionsToOffer(9);
    for (const { fd } of offered) dispatcher.offer(fd, 0, 0);
    const came = members.map((member) => whatCame(member.take()));
    const every3rd = (from: number) => offered.filter((_, i) => i % 3 === from).map(({ what }) => what);
    expect(new Set(came.map(String))).toEqual(new Set([0, 1, 2].map((from) => String(every3rd(from)))));
  });

  test('each says whose lease it is under', () => {
    const { dispatcher, members, join } = fleet(3);
    for (const member of members) join(member);
    for (let i = 0; i < 9; i++) dispatcher.offer(connection(), 0, 0);
    for (const member of members) {
      expect(member.take().map(({ lease }) => lease)).toEqual(Array(3).fill(member.lease));
    }
  });

  test('one member under two leases gets a share for each, told apart', () => {
    const { dispatcher, members } = fleet(1);
    const [member] = members as [Member];
    dispatcher.add(member.lane, 7);
    dispatcher.add(member.lane, 8);
    for (let i = 0; i < 4; i++) {
      dispatcher.offer(connection(), 0, 0);
      expect(member.slot.read().untaken).toBe(1);
      expect(member.take().map(({ lease }) => lease)).toEqual([i % 2 === 0 ? 8 : 7]);
    }
  });

  test('a member removed gets no more, and what it was sent stays with it', () => {
    const { dispatcher, members, join } = fleet(2);
    const [gone, stays] = members as [Member, Member];
    for (const member of members) join(member);
    for (let i = 0; i < 4; i++) dispatcher.offer(connection(), 0, 0);
    dispatcher.remove(gone.lease);
    dispatcher.remove(gone.lease);
    for (let i = 0; i < 6; i++) dispatcher.offer(connection(), 0, 0);
    expect([gone.take().length, stays.take().length]).toEqual([2, 8]);
  });
});

describe('connections that come back', () => {
  test('go to another than the one that returned them, if there is one', () => {
    const { dispatcher, members, join } = fleet(3);
    for (const member of members) join(member);
    for (let i = 0; i < 9; i++) dispatcher.offer(connection(), 1, 2);
    expect(members.map((member) => member.take().length > 0)).toEqual([true, false, true]);
  });

  test('go to it again where it is alone', () => {
    const { dispatcher, members, join } = fleet(1);
    join(members[0] as Member);
    dispatcher.offer(connection(), 0, 1);
    expect(members[0]?.take()).toHaveLength(1);
  });

  test('carry how often they did, and must be kept when all have returned one', () => {
    const { dispatcher, members, join } = fleet(2);
    for (const member of members) join(member);
    const hops = () => members.flatMap((member) => member.take().map((message) => message.hops));
    dispatcher.offer(connection(), 1, 0);
    expect(hops()).toEqual([1]);
    dispatcher.offer(connection(), 7, members[0]?.lease ?? 0);
    expect(hops()).toEqual([7]);
    dispatcher.offer(connection(), 8, members[1]?.lease ?? 0);
    expect(hops()).toEqual([finalHop]);
  });

  test.each(['round-robin', 'least-connections'] as const)(
    'wait for a busy worker that has room, however often the full ones have returned them, %s',
    async (policy) => {
      const { dispatcher, members, join } = fleet(3, policy);
      const [first, second, busy] = members as [Member, Member, Member];
      for (const member of members) join(member);
      busy.block();
      const full = new Set<number>();
      dispatcher.offer(connection(), 0, 0);
      for (let hops = 1; full.size < 2; hops++) {
        const returned = [first, second].find((member) => member.take().length > 0) as Member;
        full.add(returned.lease);
        dispatcher.offer(connection(), hops, returned.lease);
      }
      expect(dispatcher.held()).toBe(1);
      busy.turn();
      const taken = busy.take();
      await eventually(() => taken.push(...busy.take()) > 0);
      expect(taken.map(({ hops }) => hops)).toEqual([2]);
    },
  );

  test('go to a full worker again as soon as one of its connections has ended', async () => {
    const { dispatcher, members, join } = fleet(2);
    const [full, stopped] = members as [Member, Member];
    for (const member of members) join(member);
    stopped.block();
    dispatcher.offer(connection(), 1, full.lease);
    expect(dispatcher.held()).toBe(1);
    full.set('closed', 1);
    await eventually(() => dispatcher.held() === 0, 90); // otherwise after 100 ms
    expect(full.take().map(({ hops }) => hops)).toEqual([1]);
  });
});

describe('without a member', () => {
  test('connections are held, and sent to the first who comes', () => {
    const { dispatcher, members, join } = fleet(1);
    for (let i = 0; i < 5; i++) dispatcher.offer(connection(), 0, 0);
    expect(dispatcher.held()).toBe(5);
    join(members[0] as Member);
    expect(dispatcher.held()).toBe(0);
    expect(members[0]?.take()).toHaveLength(5);
  });

  test('they keep their order, and those that come meanwhile are behind them', async () => {
    const { dispatcher, members, join } = fleet(1);
    const [member] = members as [Member];
    const offered = connectionsToOffer(2 * MAX_DEPTH + 5);
    for (const { fd } of offered.slice(0, -1)) dispatcher.offer(fd, 0, 0);
    join(member);
    expect(dispatcher.held()).toBe(MAX_DEPTH + 4);
    dispatcher.offer(offered.at(-1)?.fd ?? -1, 0, 0);
    const came: unknown[] = [];
    await eventually(() => came.push(...whatCame(member.take())) === offered.length);
    expect(came).toEqual(offered.map(({ what }) => what));
  });

  test('the last other one left: it goes back to who returned it', async () => {
    const { dispatcher, members, join } = fleet(2);
    const [returned, full] = members as [Member, Member];
    join(full);
    for (let i = 0; i < MAX_DEPTH; i++) dispatcher.offer(connection(), 0, 0);
    join(returned);
    dispatcher.offer(connection(), 1, returned.lease);
    expect(dispatcher.held()).toBe(1); // rather waits for the other one
    dispatcher.remove(full.lease);
    await eventually(() => dispatcher.held() === 0);
    expect(returned.take()).toHaveLength(1);
  });

  test('close() closes what is held', () => {
    const { dispatcher } = fleet(0);
    const fd = connection();
    const what = identity(fd);
    dispatcher.offer(fd, 0, 0);
    expect(identity(fd)).toBe(what);
    dispatcher.close();
    expect(identity(fd)).not.toBe(what);
    dispatcher.close(); // once more does no harm
  });

  test('a member whose lane is closed is passed over', () => {
    const { dispatcher, members, join } = fleet(2);
    for (const member of members) join(member);
    members[0]?.lane.close();
    for (let i = 0; i < 6; i++) dispatcher.offer(connection(), 0, 0);
    expect(members[1]?.take()).toHaveLength(6);
  });
});

test.each([
  ['Dispatcher', () => new DispatcherClass({} as NativeLoadTable, 'round-robin', 1)],
  ['Dispatcher, policy', () => new DispatcherClass(new LoadTable({ slots: 1 }), 'hash' as never, 1)],
  ['Lane', () => new Lane({} as NativeLoadTable, 0)],
  ['Acceptor, socket', () => new Acceptor({} as never, fleet(0).dispatcher, () => {})],
  ['Acceptor, dispatcher', () => new Acceptor(listen(), {} as never, () => {})],
  ['Acceptor, callback', () => new Acceptor(listen(), fleet(0).dispatcher, undefined as never)],
  ['Channel', () => new ChannelClass(undefined as never, () => {})],
  ['add', () => fleet(0).dispatcher.add({} as never, 1)],
])('%s with something else than it wants is a TypeError', (_name, call) => {
  expect(call).toThrow(TypeError);
});

test('a slot the table does not have is a RangeError', () => {
  const table = new LoadTable({ slots: 16 });
  for (const slot of [16, -1, 2 ** 31]) {
    expect(thrown(() => new Lane(table, slot))).toBeInstanceOf(RangeError);
  }
});

test('what is no descriptor does not hold up the connections behind it', () => {
  const { dispatcher, members, join } = fleet(1);
  const [member] = members as [Member];
  join(member);
  dispatcher.offer(9999, 0, 0);
  dispatcher.offer(connection(), 0, 0);
  expect(member.take()).toHaveLength(1);
});
