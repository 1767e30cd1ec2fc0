import http from 'node:http';
import { io } from 'socket.io-client';
import { expect, onTestFinished, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';

const CLIENTS = 12;

interface Reply {
  text: string;
  pid: number;
}

/** A client on long polling only, from an address of its own, with a connection for each request; what it was
 * answered, or why it could not connect. */
function client(port: number, number: number): Promise<Reply | string> {
  const agent = new http.Agent({ keepAlive: false });
  const { createConnection } = agent as unknown as { createConnection: (options: object) => unknown };
  Object.assign(agent, {
    createConnection: (options: object) =>
      createConnection.call(agent, { ...options, localAddress: `127.0.1.${number + 1}` }),
  });
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ['polling'],
    agent: agent as unknown as string, // Node's agent, whatever the type says
    reconnection: false,
    forceNew: true,
  });
  onTestFinished(() => {
    socket.disconnect();
    agent.destroy();
  });
  return new Promise((resolve) => {
    socket.on('connect', () => socket.emit('say', `hello from ${number}`, resolve));
    socket.on('connect_error', ({ message }) => resolve(message));
    socket.on('disconnect', (reason) => resolve(`disconnected: ${reason}`));
  });
}

// Under node:cluster, whose round robin sends each request to another worker, none of the 12 gets through.
test(`source-hash: ${CLIENTS} Socket.IO clients on long polling, each with its worker`, async () => {
  await using fleet = new Fleet([fixture('socket-io.mjs'), '-w', '4', '-s', 'hand-off', '-p', 'source-hash']);
  const port = await fleet.ready();
  const replies = await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(port, number)));
  expect(replies).toEqual(
    replies.map((_, number) => ({ text: `hello from ${number}`, pid: expect.any(Number) })),
  );
  expect(new Set(replies.map((reply) => (reply as Reply).pid)).size).toBeGreaterThan(1);
});
