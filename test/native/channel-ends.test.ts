import { openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ChannelPair, python } from '../helpers/channel-pair.ts';
import { identity, leavesNothingOpen } from '../helpers/descriptors.ts';
import { addon, closing, listen } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';
import { thrown } from '../helpers/thrown.ts';

const { Channel, closeFd, messageTypes } = addon;
const ignore = () => {};
const sent = (pair: ChannelPair) => pair.reports.flatMap(({ sent }) => (sent === undefined ? [] : [sent]));

describe('the primary closes its end', () => {
  test('the worker still receives what was sent, then sends no more', async () => {
    const pair = await ChannelPair.open();
    for (let lease = 0; lease < 100; lease++) {
      pair.channel.send(messageTypes.answer, lease, 0, null, listen().share());
    }
    pair.channel.close();
    pair.tell({ start: true });
    const came = await pair.came(100);
    expect(came.map(({ lease, fd }) => [lease, fd])).toEqual(
      Array.from({ length: 100 }, (_, i) => [i, true]),
    );
    pair.tell({ send: [messageTypes.returned, 1, 0, null, true] });
    await eventually(() => sent(pair).length === 1);
    expect(sent(pair)).toEqual([false]);
    expect(pair.reports.filter(({ error }) => error)).toEqual([]); // an end is no error
  });

  test('a worker that had not looked learns it as it sends', async () => {
    const pair = await ChannelPair.open();
    pair.channel.close();
    pair.tell({ send: [messageTypes.returned, 1, 0, null, true] });
    await eventually(() => sent(pair).length === 1);
    expect(sent(pair)).toEqual([false]);
  });
});

test('the worker closes its end: what is sent stays there, and is closed with the channel', async () => {
  const pair = await ChannelPair.open();
  pair.channel.start();
  await pair.end('leave');
  const fd = listen().share();
  const what = identity(fd);
  expect(pair.channel.send(messageTypes.answer, 5, 1, null, fd)).toBe(true);
  expect(identity(fd)).not.toBe(what); // the channel's from here on
  expect(pair.channel.recover()).toEqual([]);
  expect(pair.errors).toEqual([]);
});

describe('a handler', () => {
  test('may close the channel in the midst: the messages behind are not delivered', async () => {
    const pair = await ChannelPair.open();
    for (const payload of ['first', 'close', 'behind', 'behind']) {
      pair.channel.send(messageTypes.answer, 0, 0, payload, listen().share());
    }
    pair.tell({ start: true });
    await pair.came(2);
    pair.tell({ send: [messageTypes.returned, 1, 0, null, false] });
    await eventually(() => sent(pair).length === 1);
    expect(sent(pair)).toEqual([false]);
    expect((await pair.came(2)).map(({ payload }) => payload)).toEqual(['first', 'close']);
  });

  test('may throw: an uncaught exception like any other, and the next message comes', async () => {
    const pair = await ChannelPair.open();
    for (const payload of ['throw', 'next', 'throw', 'last']) {
      pair.channel.send(messageTypes.answer, 0, 0, payload, -1);
    }
    pair.tell({ start: true });
    expect((await pair.came(4)).map(({ payload }) => payload)).toEqual(['throw', 'next', 'throw', 'last']);
    const uncaught = pair.reports.flatMap(({ uncaught }) => uncaught ?? []);
    expect(uncaught).toEqual(['on purpose', 'on purpose']);
  });
});

describe('payloads', () => {
  test('any text arrives as it was', async () => {
    const payloads = ['ü€𝄞', 'a\u0000b', '"\\\n', ' '.repeat(1000), ''];
    const pair = await ChannelPair.open();
    for (const payload of payloads) pair.channel.send(messageTypes.answer, 0, 0, payload, -1);
    pair.tell({ start: true });
    expect((await pair.came(payloads.length)).map(({ payload }) => payload)).toEqual(payloads);
  });

  test('the limit of 60 KiB counts bytes, not characters', () => {
    const channel = closing(new Channel(ignore, ignore));
    const most = '€'.repeat(20 * 1024); // 3 bytes each
    expect(channel.send(messageTypes.answer, 0, 0, most, -1)).toBe(true);
    expect(thrown(() => channel.send(messageTypes.answer, 0, 0, `${most}x`, -1))).toBeInstanceOf(RangeError);
  });

  test('refused for its length: the descriptor is closed, hundreds of times', async () => {
    const channel = closing(new Channel(ignore, ignore));
    const socket = listen();
    const tooLong = 'x'.repeat(60 * 1024 + 1);
    await leavesNothingOpen(300, () =>
      thrown(() => channel.send(messageTypes.answer, 0, 0, tooLong, socket.share())),
    );
  });
});

describe('receiveNow()', () => {
  test('nothing there: undefined, at once', () => {
    expect(closing(new Channel(ignore, ignore)).receiveNow()).toBeUndefined();
  });

  test('one message at a time, in order, with its descriptor', () => {
    const channel = closing(new Channel(ignore, ignore));
    python(channel.peerFd(), 'send(message(lease=1, hops=1)); send(message(lease=2, hops=1, fds=1), 0)');
    const first = { type: messageTypes.returned, lease: 1, hops: 1, payload: '', fd: -1 };
    expect(channel.receiveNow()).toEqual(first);
    const second = channel.receiveNow();
    expect(second).toEqual({ ...first, lease: 2, fd: expect.any(Number) });
    expect(identity(second?.fd ?? -1)).toBe('/dev/null');
    closeFd(second?.fd ?? -1);
    expect(channel.receiveNow()).toBeUndefined();
  });
});

describe('a receiver without a free descriptor', () => {
  test('hears what brings none; what brings one waits, and all behind it: the order is kept', async () => {
    const pair = await ChannelPair.open('ulimit -n 64;');
    pair.tell({ fill: true, start: true });
    await eventually(() => pair.reports.some(({ filled }) => filled === 'EMFILE'));
    const send = (lease: number, fd: number) => pair.channel.send(messageTypes.answer, lease, 0, null, fd);
    for (const lease of [1, 2, 3]) send(lease, -1);
    send(4, listen().share());
    for (const lease of [5, 6]) send(lease, -1);
    await pair.came(3);
    pair.tell({ send: [messageTypes.returned, 1, 0, null, false] }); // turns of its loop, and an answer
    await eventually(() => sent(pair).length === 1);
    expect((await pair.came(3)).map(({ lease }) => lease)).toEqual([1, 2, 3]);
    pair.tell({ free: true });
    const came = await pair.came(6);
    expect(came.map(({ lease, fd }) => [lease, fd])).toEqual(
      [1, 2, 3, 4, 5, 6].map((lease) => [lease, lease === 4]),
    );
  });
});

describe('over a descriptor that is none of ours', () => {
  test('no descriptor: EBADF', async () => {
    await leavesNothingOpen(300, () => {
      const error = thrown(() => new Channel(ignore, ignore, 9999));
      expect(error).toMatchObject({ code: 'EBADF', errno: -9, syscall: 'fcntl' });
    });
  });

  test('a file: refused, and closed', async () => {
    await leavesNothingOpen(300, () => thrown(() => new Channel(ignore, ignore, openSync('/etc/hosts'))));
  });

  test('a socket of another kind: what is read of it is an error, and it is closed', async () => {
    const socket = listen();
    await leavesNothingOpen(100, () => {
      const channel = new Channel(ignore, ignore, socket.share());
      expect(thrown(() => channel.receiveNow())).toMatchObject({ syscall: 'recvmsg' });
      channel.close();
    });
  });

  test('a descriptor given along with arguments that are refused is taken all the same', async () => {
    const socket = listen();
    await leavesNothingOpen(10, () =>
      thrown(() => new Channel(undefined as unknown as () => void, ignore, socket.share())),
    );
  });
});

test('an empty message is malformed, not the end of the channel', async () => {
  const pair = await ChannelPair.open();
  pair.channel.start();
  python(pair.channel.peerFd(), "send(b'')");
  pair.tell({ send: [messageTypes.returned, 1, 0, null, false] });
  await eventually(() => pair.messages.length === 1, 2000);
  expect(pair.errors.map(({ code }) => code)).toEqual(['EPROTO']);
});
