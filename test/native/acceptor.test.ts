import { describe, expect, test } from 'vitest';
import { fleet, MAX_DEPTH, type Member } from '../helpers/members.ts';
import { acceptAll, addon, closing, connect, connections, listen, queueOf, talk } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

const { Acceptor, closeFd } = addon;

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
    expect(socket.queueLength()).toBe(queueOf(100)); // nobody to send to
    join(member);
    await eventually(() => member.slot.read().untaken === MAX_DEPTH);
    expect(socket.queueLength()).toBe(queueOf(100 - MAX_DEPTH));
    let taken = 0;
    await eventually(() => {
      taken += member.take().length;
      return taken === 100;
    });
    expect(socket.queueLength()).toBe(0);
    dispatcher.remove(member.lease);
    await connections(3, socket.address().port);
    expect(socket.queueLength()).toBe(queueOf(3));
  });

  test('rests while there is no member, and goes on when one comes, first or next', async () => {
    const { dispatcher, members, join } = fleet(3);
    const socket = listen();
    closing(new Acceptor(socket, dispatcher, () => {}));
    for (const member of members) {
      await connections(5, socket.address().port);
      expect(socket.queueLength()).toBe(queueOf(5));
      join(member);
      await eventually(() => member.slot.read().untaken === 5);
      expect(socket.queueLength()).toBe(0);
      dispatcher.remove(member.lease);
    }
  });

  test('what a worker takes is the connection: both ends talk', async () => {
    const { dispatcher, members, join } = fleet(2);
    const socket = listen();
    closing(new Acceptor(socket, dispatcher, () => {}));
    for (const member of members) join(member);
    for (let i = 0; i < 10; i++) {
      const client = await connect(socket.address().port);
      await eventually(() => members.some((member) => member.slot.read().untaken === 1));
      const messages = members.flatMap((member) => member.take());
      expect(messages).toHaveLength(1);
      await talk(client, messages[0]?.fd ?? -1);
    }
  });

  test('two of them may feed one dispatcher', async () => {
    const { dispatcher, members, join } = fleet(1);
    const [member] = members as [Member];
    const sockets = [listen(), listen()];
    for (const socket of sockets) closing(new Acceptor(socket, dispatcher, () => {}));
    join(member);
    for (const socket of sockets) await connections(5, socket.address().port);
    await eventually(() => member.slot.read().untaken === 10);
    expect(member.take()).toHaveLength(10);
  });

  test('stops when closed, and leaves the socket to others', async () => {
    const { dispatcher, members, join } = fleet(1);
    join(members[0] as Member);
    const socket = listen();
    const acceptor = new Acceptor(socket, dispatcher, () => {});
    acceptor.close();
    acceptor.close(); // once more does no harm
    await connections(2, socket.address().port);
    expect(socket.queueLength()).toBe(queueOf(2));
    const fds = acceptAll(socket);
    expect(fds).toHaveLength(2);
    for (const fd of fds) closeFd(fd);
  });
});
