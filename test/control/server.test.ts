import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import type { ControlledFleet } from '../../dist/control/commands.js';
import type { Deadlines } from '../../dist/control/connection.js';
import { socketPath } from '../../dist/control/path.js';
import { eventually } from '../helpers/requests.ts';
import { isolate, listLog, makeFleet, Peer, serve } from './helpers.ts';

const place = isolate();
afterAll(() => place.remove());

const STATUS = '{"v":1,"id":1,"command":"status"}\n';

async function served(fleet: ControlledFleet, deadlines: Partial<Deadlines> = {}): Promise<string> {
  const server = await serve(fleet, true, deadlines);
  onTestFinished(() => server.close());
  return socketPath(server.name);
}

function connect(where: string): Peer {
  const peer = new Peer(where);
  onTestFinished(() => void peer.socket.destroy());
  return peer;
}

test('requests are answered in their order, one after another', async () => {
  let running = 0;
  let most = 0;
  const reload = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await sleep(5); // a request that takes its time: others would come in between
    running--;
  };
  const peer = connect(await served(makeFleet({ reload })));
  for (const id of [1, 2, 3]) await peer.send(`{"v":1,"id":${id},"command":"reload"}\n`);
  await peer.send('{"v":1,"id":"last","command":"nonsense"}\n');
  expect(await peer.lines(4)).toEqual([
    { v: 1, id: 1, result: { generation: 1, workers: 1 } },
    { v: 1, id: 2, result: { generation: 1, workers: 1 } },
    { v: 1, id: 3, result: { generation: 1, workers: 1 } },
    { v: 1, id: 'last', error: { code: 'ERR_UNKNOWN_COMMAND', message: expect.stringMatching('nonsense') } },
  ]);
  expect(most).toBe(1);
});

test('what is asked for reaches the fleet', async () => {
  const fleet = makeFleet();
  const peer = connect(await served(fleet));
  const commands = [
    '"command":"scale","workers":4',
    '"command":"scale","by":2',
    '"command":"stop"',
    '"command":"stop","force":true',
    '"command":"metrics"',
  ];
  for (const command of commands) await peer.send(`{"v":1,"id":1,${command}}\n`);
  const answers = await peer.lines(5);
  expect(fleet.told).toEqual(['scale 4', 'scale 3', 'stop false', 'stop true']);
  expect(answers[0]).toMatchObject({ result: { workers: 4, ready: 1 } });
  expect(answers[4]).toMatchObject({ error: { code: 'ERR_UNSUPPORTED' } });
});

test('metrics, from a fleet that has some', async () => {
  const peer = connect(await served(makeFleet({ metrics: async () => 'a 1\nb 2\n' })));
  await peer.send('{"v":1,"id":1,"command":"metrics"}\n');
  expect(await peer.lines(1)).toEqual([{ v: 1, id: 1, result: 'a 1\nb 2\n' }]);
});

test('a failure of ours is answered, and logged', async () => {
  const log = listLog();
  const status = (): never => {
    throw new TypeError('a bug');
  };
  const server = await serve(makeFleet({ status }), true, {}, log);
  onTestFinished(() => server.close());
  const peer = connect(socketPath(server.name));
  await peer.send(STATUS);
  expect(await peer.lines(1)).toMatchObject([{ error: { code: 'ERR_INTERNAL', message: 'a bug' } }]);
  expect(log.lines).toEqual([{ level: 'error', message: 'control socket: a bug' }]);
});

test('what is no message of the protocol ends the connection, after an answer', async () => {
  const where = await served(makeFleet());
  for (const garbage of ['nonsense\n', `${STATUS.trim()} ${'x'.repeat(16_400)}`, Buffer.alloc(100_000, 7)]) {
    const peer = connect(where);
    await peer.send(garbage).catch(() => {});
    await peer.closed;
    expect(JSON.parse(peer.received)).toMatchObject({ id: null, error: { code: 'ERR_CONTROL_MESSAGE' } });
  }
});

test('a client that says nothing, or half a request, is cut; so is one that takes its time for it', async () => {
  const where = await served(makeFleet(), { idle: 100, request: 100 });
  const [silent, half, slow] = [connect(where), connect(where), connect(where)];
  await half.send(STATUS.slice(0, 10));
  const dripping = setInterval(() => slow.socket.write('x'), 20);
  onTestFinished(() => clearInterval(dripping));
  await Promise.all([silent.closed, half.closed, slow.closed]);
  expect([silent, half, slow].map(({ received }) => received)).toEqual(['', '', '']);
});

test('a request may take longer than a client may be silent', async () => {
  const where = await served(makeFleet({ reload: () => sleep(300) }), { idle: 50, request: 50 });
  const peer = connect(where);
  await peer.send('{"v":1,"id":1,"command":"reload"}\n');
  expect(await peer.lines(1)).toMatchObject([{ id: 1, result: {} }]);
});

test('a client that does not take its answers is not answered further, and is cut', async () => {
  let answers = 0;
  const metrics = async (): Promise<string> => {
    answers++;
    return 'x'.repeat(1_000_000);
  };
  const where = await served(makeFleet({ metrics }), { answer: 200 });
  const peer = connect(where);
  peer.socket.pause();
  await peer.send('{"v":1,"id":1,"command":"metrics"}\n'.repeat(1000));
  await eventually(() => answers > 0);
  await sleep(300); // time must pass: nothing more is to be asked for meanwhile
  expect(answers).toBeLessThan(5);
  peer.socket.resume();
  await peer.closed;
});

test('a client that has said it sends no more gets its answers', async () => {
  // Answered later than the end is read, which nothing here tells.
  const peer = connect(await served(makeFleet({ reload: () => sleep(20) })));
  peer.socket.end(`{"v":1,"id":1,"command":"reload"}\n${STATUS}`);
  await peer.closed;
  expect(peer.received.trim().split('\n')).toHaveLength(2);
});

test('32 at once; a further one is sent away, and has a place when another has gone', async () => {
  const where = await served(makeFleet());
  const peers = Array.from({ length: 32 }, () => connect(where));
  for (const peer of peers) {
    await peer.send(STATUS);
    await peer.lines(1);
  }
  const late = connect(where);
  await late.closed;
  expect(late.received).toBe('');
  peers[0]?.socket.destroy();
  await peers[0]?.closed;
  await eventually(async () => {
    const next = connect(where);
    await next.send(STATUS).catch(() => {});
    return next.lines(1).then(
      () => true,
      () => false,
    );
  });
  await peers[1]?.send(STATUS);
  await peers[1]?.lines(2);
});

test('a client that floods does not keep others from their answers', async () => {
  const where = await served(makeFleet());
  const flood = connect(where);
  await flood.send(STATUS.repeat(2000));
  const good = connect(where);
  await good.send(STATUS);
  await good.lines(1);
  expect(flood.received.split('\n').length).toBeLessThan(1000);
});

test('an answer that is made after the end has the time of a silent client, and then no longer', async () => {
  const ends: (() => void)[] = [];
  const reload = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
  const server = await serve(makeFleet({ reload }), true, { idle: 400, answer: 50 });
  const where = socketPath(server.name);
  const [answered, forgotten] = [connect(where), connect(where)];
  for (const [i, peer] of [answered, forgotten].entries()) {
    await peer.send('{"v":1,"id":1,"command":"reload"}\n');
    await eventually(() => ends.length > i);
  }
  server.close();
  await sleep(150); // longer than a client has to take an answer
  ends[0]?.();
  expect(await answered.lines(1)).toMatchObject([{ id: 1, result: {} }]);
  await forgotten.closed;
  expect(forgotten.received).toBe('');
});

test('the socket is its owner’s alone, and gone at the end; an answer under way still comes', async () => {
  let end: (() => void) | undefined;
  const reload = (): Promise<void> =>
    new Promise((resolve) => {
      end = resolve;
    });
  const server = await serve(makeFleet({ reload }), 'ending');
  const where = socketPath('ending');
  expect(statSync(where).mode & 0o777).toBe(0o600);
  expect(statSync(path.dirname(where)).mode & 0o777).toBe(0o700);
  const [idle, waiting] = [connect(where), connect(where)];
  await idle.send(STATUS);
  await idle.lines(1);
  await waiting.send('{"v":1,"id":1,"command":"reload"}\n');
  await eventually(() => end !== undefined);
  server.close();
  expect(existsSync(where)).toBe(false);
  await idle.closed;
  end?.();
  expect(await waiting.lines(1)).toMatchObject([{ id: 1, result: {} }]);
  await waiting.closed;
});
