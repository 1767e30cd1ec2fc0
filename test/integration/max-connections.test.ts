import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { eventually } from '../helpers/requests.ts';

// hand-off: net.Server's own limits and books.

const open = (file: string, policy: string) =>
  new Fleet([fixture(file), '-w', '3', '-s', 'hand-off', '-p', policy]);

/** A client that keeps its connection: what it was told first. */
async function client(port: number, localAddress = '127.0.0.1') {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  const told = new Promise<string>((resolve) => {
    socket.once('data', (text) => resolve(String(text)));
    socket.once('close', () => resolve('dropped'));
  });
  return { socket, told: await told };
}

describe.each(['round-robin', 'least-connections'])('maxConnections, %s', (policy) => {
  test("a connection is dropped, with 'drop', when all workers are full and not before", async () => {
    await using fleet = open('max-connections.mjs', policy);
    const port = await fleet.ready();
    const drops = () => fleet.output.filter((line) => line.startsWith('drop')).length;
    const kept = [await client(port), await client(port), await client(port)];
    expect(new Set(kept.map(({ told }) => told.split(' ')[0]))).toEqual(new Set(['kept']));
    expect(new Set(kept.map(({ told }) => told)).size).toBe(3);
    expect(drops()).toBe(0);
    expect((await client(port)).told).toBe('dropped');
    await fleet.printed(/^drop \d+$/);
    expect(drops()).toBe(1);
    // Who leaves makes room for another, in his place.
    kept[0]?.socket.destroy();
    await eventually(async () => {
      const { told } = await client(port);
      if (told !== 'dropped') expect(told).toBe(kept[0]?.told);
      return told !== 'dropped';
    });
  });
});

test('maxConnections, source-hash: the worker of that client is the only one to ask', async () => {
  await using fleet = open('max-connections.mjs', 'source-hash');
  const port = await fleet.ready();
  const { told } = await client(port, '127.0.1.1');
  expect(told).toMatch(/^kept \d+$/);
  expect((await client(port, '127.0.1.1')).told).toBe('dropped');
  expect(await fleet.printed(/^drop/)).toBe(told.replace('kept', 'drop'));
});

test.each(['round-robin', 'least-connections', 'source-hash'])(
  'server.address() and getConnections(), %s: of each worker its own',
  async (policy) => {
    await using fleet = open('says-its-address.mjs', policy);
    const port = await fleet.ready();
    const clients = await Promise.all(Array.from({ length: 9 }, (_, i) => client(port, `127.0.1.${i + 1}`)));
    const pids: number[] = [];
    for (const { told } of clients) {
      const { pid, address } = JSON.parse(told);
      expect(address).toEqual({ address: '127.0.0.1', family: 'IPv4', port });
      pids.push(pid);
    }
    for (const [i, { socket }] of clients.entries()) {
      socket.write('?');
      const { pid, count } = JSON.parse(String((await once(socket, 'data'))[0]));
      expect(pid).toBe(pids[i]);
      expect(count).toBe(pids.filter((one) => one === pid).length);
    }
  },
);
