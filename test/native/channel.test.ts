import { describe, expect, test } from 'vitest';
import { ChannelPair, python } from '../helpers/channel-pair.ts';
import { identity, isCloseOnExec, leavesNothingOpen } from '../helpers/descriptors.ts';
import { addon, listen } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

const { messageTypes, closeFd } = addon;
const TYPES = Object.values(messageTypes);

describe('messages', () => {
  test('each type arrives as it was sent, with a descriptor and without, in order', async () => {
    const pair = await ChannelPair.open();
    const socket = listen();
    const sent = TYPES.flatMap((type, i) => [
      { type, lease: i, hops: i, payload: `{"type":${type}}`, fd: false, closeOnExec: false },
      { type, lease: 2 ** 32 - 1 - i, hops: 255 - i, payload: '', fd: true, closeOnExec: true },
    ]);
    for (const { type, lease, hops, payload, fd } of sent) {
      expect(pair.channel.send(type, lease, hops, payload, fd ? socket.share() : -1)).toBe(true);
    }
    pair.tell({ start: true });
    expect(await pair.came(sent.length)).toEqual(sent);
  });

  test('the other way too', async () => {
    const pair = await ChannelPair.open();
    pair.channel.start();
    pair.tell({ send: [messageTypes.returned, 7, 3, null, true] });
    await eventually(() => pair.messages.length === 1);
    const [message] = pair.messages;
    expect(message).toMatchObject({ type: messageTypes.returned, lease: 7, hops: 3, payload: '' });
    const fd = message?.fd ?? -1;
    expect(identity(fd)).toMatch(/^socket:/);
    expect(isCloseOnExec(fd)).toBe(true);
    closeFd(fd);
  });

  test('a payload of 60 KiB passes; one byte more is refused, and its descriptor closed', async () => {
    const pair = await ChannelPair.open();
    const payload = 'x'.repeat(60 * 1024);
    pair.channel.send(messageTypes.answer, 1, 0, payload, -1);
    pair.tell({ start: true });
    expect((await pair.came(1))[0]?.payload).toBe(payload);
    const fd = listen().share();
    const what = identity(fd);
    expect(() => pair.channel.send(messageTypes.answer, 1, 0, `${payload}x`, fd)).toThrow(RangeError);
    expect(identity(fd)).not.toBe(what);
  });

  test('a full channel: what is sent waits, and arrives in order', async () => {
    const pair = await ChannelPair.open();
    const count = 2000; // an unread SEQPACKET socket takes some 278
    const socket = listen();
    for (let i = 0; i < count; i++) {
      const withFd = i % 10 === 0;
      expect(pair.channel.send(messageTypes.answer, i, 0, null, withFd ? socket.share() : -1)).toBe(true);
    }
    pair.tell({ start: true });
    const came = await pair.came(count);
    expect(came.map(({ lease }) => lease)).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(came.filter(({ fd }) => fd)).toHaveLength(count / 10);
  });
});

describe('descriptors', () => {
  test('both ends are closed in what this process starts, and in what a worker starts', async () => {
    const pair = await ChannelPair.open();
    expect(isCloseOnExec(pair.channel.peerFd())).toBe(true);
    expect(pair.reports[0]?.closeOnExec).toBe(true);
  });

  test('a receiver without a free descriptor loses nothing: what it cannot take yet waits', async () => {
    const pair = await ChannelPair.open('ulimit -n 64;');
    const socket = listen();
    for (let i = 0; i < 200; i++) pair.channel.send(messageTypes.answer, i, 0, null, socket.share());
    pair.tell({ fill: true, start: true });
    await eventually(() => pair.reports.some(({ filled }) => filled === 'EMFILE'));
    pair.tell({ send: [messageTypes.returned, 1, 0, null, false] }); // a turn of its loop, and an answer to it
    await eventually(() => pair.reports.some(({ sent }) => sent === true));
    expect(pair.reports.filter(({ came }) => came !== undefined)).toEqual([]);
    pair.tell({ free: true });
    const came = await pair.came(200);
    expect(came.map(({ fd }) => fd)).toEqual(Array(200).fill(true));
    expect(pair.reports.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  test('nothing stays open: 300 channels, with messages nobody read', async () => {
    await leavesNothingOpen(300, () => {
      const channel = new addon.Channel(
        () => {},
        () => {},
      );
      channel.start();
      const socket = new addon.ListenSocket({ host: '127.0.0.1', port: 0 });
      channel.send(messageTypes.answer, 1, 0, null, socket.share());
      socket.close();
      channel.close();
      channel.close(); // once more does no harm
    });
  });

  test('a channel that nobody refers to works on, and one that is closed sends nothing', () => {
    const channel = new addon.Channel(
      () => {},
      () => {},
    );
    channel.close();
    const fd = listen().share();
    const what = identity(fd);
    expect(channel.send(messageTypes.answer, 1, 0, null, fd)).toBe(false);
    expect(identity(fd)).not.toBe(what);
    expect(channel.peerFd()).toBe(-1);
  });
});

describe('a worker that dies', () => {
  test('recover() gives back the connections it had just returned, and nothing else', async () => {
    const pair = await ChannelPair.open();
    const socket = listen();
    pair.channel.send(messageTypes.answer, 21, 0, '{}', socket.share()); // the worker's, and gone with it
    for (let lease = 1; lease <= 20; lease++) {
      pair.tell({ send: [messageTypes.returned, lease, 4, null, true] });
    }
    await eventually(() => pair.reports.filter(({ sent }) => sent === true).length === 20);
    await pair.end('exit');
    const left = pair.channel.recover();
    expect(left.map(({ lease, hops }) => [lease, hops])).toEqual(
      Array.from({ length: 20 }, (_, i) => [i + 1, 4]),
    );
    for (const { fd } of left) {
      expect(identity(fd)).toMatch(/^socket:/);
      closeFd(fd);
    }
    expect(pair.channel.recover()).toEqual([]);
  });
});

describe('malformed messages', () => {
  test.each([
    ['garbage', 'send(os.urandom(64))'],
    ['one byte', "send(b'x')"],
    ['another magic', 'send(message(magic=1))'],
    ['type 0', 'send(message(kind=0))'],
    ['a type beyond the last', 'send(message(kind=9))'],
    ['a length too long', "send(message(length=5, payload=b'abc'))"],
    ['a length too short', "send(message(length=1, payload=b'abc'))"],
    [
      'longer than any of ours',
      "s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20); send(message(payload=b'x' * 100000))",
    ],
    ['a descriptor not announced', 'send(message(fds=0), 0)'],
    ['a descriptor announced that does not come', 'send(message(fds=1))'],
    ['two descriptors', 'send(message(fds=2), 0, 1)'],
    ['two descriptors, one announced', 'send(message(fds=1), 0, 1)'],
    ['253 descriptors', "send(b'x', *[0] * 253)"],
  ])('%s: thrown away with its descriptors, said, and the next one is heard', async (_name, script) => {
    const pair = await ChannelPair.open();
    pair.channel.start();
    await leavesNothingOpen(3, async () => {
      pair.messages.length = 0;
      pair.errors.length = 0;
      python(pair.channel.peerFd(), `${script}\nsend(message(payload=b'good'))`);
      await eventually(() => pair.messages.length > 0);
      expect(pair.errors).toEqual([expect.objectContaining({ code: 'EPROTO', syscall: 'recvmsg' })]);
      expect(pair.messages).toEqual([
        { type: messageTypes.returned, lease: 9, hops: 0, payload: 'good', fd: -1 },
      ]);
    });
  });
});
