import { describe, expect, onTestFinished, test } from 'vitest';
import type { Channel, ChannelMessage, Dispatcher, NativeLoadTable } from '../../dist/binding.js';
import { Slot } from '../../dist/load-table.js';
import { identity } from '../helpers/descriptors.ts';
import { addon, closing, connections, listen } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

const { Acceptor, Channel: ChannelClass, Dispatcher: DispatcherClass, LoadTable, closeFd, finalHop } = addon;
/** pick.h */
const MAX_DEPTH = 32;

/** A member whose worker takes nothing until take(). */
class Member {
  readonly channel: Channel = closing(
    new ChannelClass(
      () => {},
      () => {},
    ),
  );
  readonly lease: number;
  readonly slot: Slot;

  constructor(lease: number, table: NativeLoadTable) {
    this.lease = lease;
    this.slot = new Slot(table, lease);
  }

  /** Takes everything sent, as the worker: what there was. */
  take(): ChannelMessage[] {
    const messages = this.channel.recover();
    for (const { fd } of messages) {
      this.slot.countTaken();
      onTestFinished(() => closeFd(fd));
    }
    return messages;
  }
}

function fleet(count: number): { dispatcher: Dispatcher; members: Member[]; join: (member: Member) => void } {
  const table = new LoadTable({ slots: 16 });
  const dispatcher = closing(new DispatcherClass(table));
  const members = Array.from({ length: count }, (_, i) => new Member(i + 1, table));
  const join = (member: Member) => dispatcher.add(member.channel, member.slot.index, member.lease);
  return { dispatcher, members, join };
}

/** A descriptor that stands for an accepted connection. */
const connection = (): number => listen().share();

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

  test('a member that takes nothing gets one, and the others the rest while they keep up', () => {
    const { dispatcher, members, join } = fleet(3);
    const [stuck, ...busy] = members as [Member, Member, Member];
    for (const member of members) join(member);
    let served = 0;
    for (let i = 0; i < 30; i++) {
      dispatcher.offer(connection(), 0, 0);
      for (const member of busy) served += member.take().length;
    }
    expect(served).toBe(29);
    expect(stuck.take()).toHaveLength(1);
  });

  test(`nobody takes: ${MAX_DEPTH} each, the rest is held, and sent as soon as somebody takes`, async () => {
    const { dispatcher, members, join } = fleet(2);
    for (const member of members) join(member);
    for (let i = 0; i < 2 * MAX_DEPTH + 10; i++) dispatcher.offer(connection(), 0, 0);
    expect(dispatcher.held()).toBe(10);
    expect(members.map((member) => member.slot.read().untaken)).toEqual([MAX_DEPTH, MAX_DEPTH]);
    expect(members[0]?.take()).toHaveLength(MAX_DEPTH);
    await eventually(() => dispatcher.held() === 0);
    expect(members[0]?.take()).toHaveLength(10);
    expect(members[1]?.take()).toHaveLength(MAX_DEPTH);
  });

  test('garbage in the load table does not starve a member for good', () => {
    const { dispatcher, members, join } = fleet(1);
    const [member] = members as [Member];
    join(member);
    for (let i = 0; i < 1000; i++) member.slot.countTaken(); // far more than were ever sent
    dispatcher.offer(connection(), 0, 0);
    expect(dispatcher.held()).toBe(0);
    expect(member.take()).toHaveLength(1);
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

  test('carry how often they did, and at last must be kept', () => {
    const { dispatcher, members, join } = fleet(2);
    for (const member of members) join(member);
    for (const hops of [0, 1, 2, 3]) dispatcher.offer(connection(), hops, 0);
    const hops = members.flatMap((member) => member.take().map((message) => message.hops));
    expect(hops.sort((a, b) => a - b)).toEqual([0, 1, finalHop, finalHop]);
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

  test('a member whose channel is closed is passed over', () => {
    const { dispatcher, members, join } = fleet(2);
    for (const member of members) join(member);
    members[0]?.channel.close();
    for (let i = 0; i < 6; i++) dispatcher.offer(connection(), 0, 0);
    expect(members[1]?.take()).toHaveLength(6);
  });
});

describe('Acceptor', () => {
  test('accepts only what can be sent on: the rest stays in the accept queue', async () => {
    const { dispatcher, members, join } = fleet(1);
    const [member] = members as [Member];
    const socket = listen({ host: '127.0.0.1', port: 0, backlog: 200 });
    closing(
      new Acceptor(socket, dispatcher, (error) => {
        throw error;
      }),
    );
    await connections(100, socket.address().port);
    expect(socket.queueLength()).toBe(100); // nobody to send to
    join(member);
    await eventually(() => member.slot.read().untaken === MAX_DEPTH);
    expect(socket.queueLength()).toBe(100 - MAX_DEPTH);
    let taken = 0;
    await eventually(() => {
      taken += member.take().length;
      return taken === 100;
    });
    expect(socket.queueLength()).toBe(0);
    dispatcher.remove(member.lease);
    await connections(3, socket.address().port);
    expect(socket.queueLength()).toBe(3);
  });

  test('stops when closed, and leaves the socket to others', async () => {
    const { dispatcher, members, join } = fleet(1);
    join(members[0] as Member);
    const socket = listen();
    const acceptor = new Acceptor(socket, dispatcher, () => {});
    acceptor.close();
    acceptor.close(); // once more does no harm
    await connections(2, socket.address().port);
    expect(socket.queueLength()).toBe(2);
    const fd = socket.accept();
    expect(fd).toBeGreaterThan(0);
    closeFd(fd);
  });
});

test.each([
  ['Dispatcher', () => new DispatcherClass({} as NativeLoadTable)],
  ['Acceptor, socket', () => new Acceptor({} as never, fleet(0).dispatcher, () => {})],
  ['Acceptor, dispatcher', () => new Acceptor(listen(), {} as never, () => {})],
  ['Acceptor, callback', () => new Acceptor(listen(), fleet(0).dispatcher, undefined as never)],
  ['Channel', () => new ChannelClass(undefined as never, () => {})],
  ['add', () => fleet(0).dispatcher.add({} as Channel, 0, 1)],
])('%s with something else than it wants is a TypeError', (_name, call) => {
  expect(call).toThrow(TypeError);
});
