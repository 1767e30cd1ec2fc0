import { once } from 'node:events';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { ListenSocket } from '../../dist/binding.js';
import { fleet } from '../helpers/members.ts';
import { addon, closing, listen } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

const { Acceptor, Dispatcher } = addon;

/** Which member a connection from an address comes to. */
async function memberOf(
  { members }: ReturnType<typeof fleet>,
  socket: ListenSocket,
  localAddress: string,
): Promise<number> {
  const host = localAddress.includes(':') ? '::1' : '127.0.0.1';
  const client = net.connect({ port: socket.address().port, host, localAddress });
  onTestFinished(() => {
    client.destroy();
  });
  await once(client, 'connect');
  let found = -1;
  await eventually(() => {
    found = members.findIndex((member) => member.take().length > 0);
    return found >= 0;
  });
  return found;
}

test('an address has one member, whether it comes to an IPv4 or to a dual-stack socket', async () => {
  const one = fleet(5, 'source-hash');
  const { table, dispatcher, members, join } = one;
  const second = closing(new Dispatcher(table, 'source-hash', 1));
  for (const member of members) {
    join(member);
    second.add(member.lane, member.lease + 8);
  }
  const v4 = listen({ host: '127.0.0.1', family: 4, port: 0 });
  const dual = listen({ host: '::', family: 6, port: 0 });
  closing(new Acceptor(v4, dispatcher, () => {}));
  closing(new Acceptor(dual, second, () => {}));
  const found = new Set<number>();
  for (let i = 1; i <= 30; i++) {
    const address = `127.0.1.${i}`;
    const member = await memberOf(one, v4, address);
    expect(await memberOf(one, dual, address)).toBe(member);
    found.add(member);
  }
  expect(found.size).toBeGreaterThan(1);
  const six = await memberOf(one, dual, '::1');
  for (let i = 0; i < 20; i++) expect(await memberOf(one, dual, '::1')).toBe(six);
});
