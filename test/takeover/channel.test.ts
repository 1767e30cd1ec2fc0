import { once } from 'node:events';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { TakeoverChannel } from '../../dist/takeover/channel.js';
import { eventually } from '../helpers/requests.ts';

interface End {
  channel: TakeoverChannel<unknown>;
  stream: net.Socket;
  messages: unknown[];
  ends: number;
}

function endOf(stream: net.Socket): End {
  const messages: unknown[] = [];
  const channel = new TakeoverChannel(stream, {
    onMessage: (message) => messages.push(message),
    onEnd: () => {
      end.ends++;
    },
  });
  const end: End = { channel, stream, messages, ends: 0 };
  return end;
}

async function pair(): Promise<[End, End]> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const one = net.connect(server.address() as net.AddressInfo);
  const [other] = (await once(server, 'connection')) as [net.Socket];
  server.close();
  onTestFinished(() => {
    one.destroy();
    other.destroy();
  });
  return [endOf(one), endOf(other)];
}

test('messages arrive whole and in order, however long', async () => {
  const [one, other] = await pair();
  const sent = [{ takeover: 'x'.repeat(900_000) }, { released: true }, ['line\nbreak'], 4711];
  for (const message of sent) one.channel.send(message);
  await eventually(() => other.messages.length === sent.length);
  expect(other.messages).toEqual(sent);
  expect([one.ends, other.ends]).toEqual([0, 0]);
});

test('what is sent before close() arrives; then the other end is told, and this one not', async () => {
  const [one, other] = await pair();
  one.channel.send('last');
  one.channel.close();
  one.channel.send('too late');
  await eventually(() => other.ends === 1);
  expect(other.messages).toEqual(['last']);
  await eventually(() => one.stream.closed);
  expect(one.ends).toBe(0);
});

test.each([
  ['garbage', 'what?\n'],
  ['null', 'null\n'],
  ['a line that never ends', `"${'x'.repeat(1024 * 1024)}`],
])('%s ends it, once, and nothing after it is heard', async (_name, text) => {
  const [one, other] = await pair();
  one.stream.write(`${text}\n{"ready":{"workers":2}}\n`);
  await eventually(() => other.ends === 1 && one.ends === 1 && other.stream.closed);
  expect(other.messages).toEqual([]);
  other.channel.send('nothing');
  expect(other.ends).toBe(1);
});

test('an end that is reset is an end', async () => {
  const [one, other] = await pair();
  one.stream.resetAndDestroy();
  await eventually(() => other.ends === 1);
  expect(other.messages).toEqual([]);
});
