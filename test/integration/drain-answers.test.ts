import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Fleet, fixture, type LogLine } from '../helpers/fleet.ts';
import { Pipeline } from '../helpers/pipeline.ts';
import { get } from '../helpers/requests.ts';

// The answers of a worker that is to end, and what its application sees of that.

const isKilled = ({ msg }: LogLine): boolean => / did not end within \d+ ms: killed$/.test(msg);
const isReloaded = ({ msg }: LogLine): boolean => /^reloaded: /.test(msg);
const isDeath = ({ msg }: LogLine): boolean => / died: /.test(msg);

const asking = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const GET = asking('/object');

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Has the worker replaced, or all of it end, and sends the same again and again, until an answer says close: the answers to that. */
async function untilClose(
  fleet: Fleet,
  pipeline: Pipeline,
  pieces: string[],
  signal: NodeJS.Signals = 'SIGHUP',
): Promise<string[]> {
  const before = await pipeline.send(...pieces);
  expect(before.map((how) => how.toLowerCase())).toEqual(before.map(() => 'keep-alive'));
  fleet.process.kill(signal);
  for (;;) {
    const last = await pipeline.send(...pieces);
    expect(last).toHaveLength(before.length); // whoever was told to close is not asked again
    if (last.includes('close')) return last;
  }
}

test.each(['/list', '/pairs', '/object', '/kept', '/kept-object', '/kept-list'])(
  'headers of %s: the answer says close, and nothing else of it is changed',
  async (path) => {
    await using fleet = new Fleet([fixture('answers.mjs'), '-w', '1']);
    const pipeline = new Pipeline(await connect(await fleet.ready()));
    const usual = (): string[] =>
      pipeline.received
        .split('\r\n')
        .filter((line) => !/^(Date|Keep-Alive|Connection):/i.test(line))
        .sort();
    await pipeline.send(asking(path));
    const before = usual();
    expect(before).toContain('Set-Cookie: b=2');
    expect(await untilClose(fleet, pipeline, [asking(path)])).toEqual(['close']);
    expect(usual()).toEqual(before);
  },
);

test('an answer that comes before the end of its request leaves the connection open for the rest', async () => {
  await using fleet = new Fleet([fixture('answers.mjs'), '-w', '1']);
  const pipeline = new Pipeline(await connect(await fleet.ready()));
  const post = 'POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc';
  expect(await untilClose(fleet, pipeline, [post, 'def', 'ghi', GET])).toEqual(['keep-alive', 'close']);
});

test.each([
  [
    'behind a chunked body',
    ['', GET],
    [`POST /early HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n${GET}`],
  ],
  ['behind a head that came in two pieces', ['', GET], [GET.slice(0, -1), `\n${GET}`]],
  [
    'that ends with one piece, and begins with an equal one before',
    [GET.slice(0, 9), GET.slice(9)],
    [GET.slice(9) + GET.slice(0, 9), GET.slice(9) + GET.slice(0, 9)],
  ],
])('a request %s is not lost', async (_what, around, pieces) => {
  await using fleet = new Fleet([fixture('answers.mjs'), '-w', '1']);
  const socket = await connect(await fleet.ready());
  const pipeline = new Pipeline(socket);
  const [before, after] = around;
  const isTold = async (): Promise<boolean> => {
    socket.write(before);
    expect(await pipeline.send(...pieces)).toEqual(['keep-alive', 'keep-alive']);
    const [last] = await pipeline.send(after);
    return last === 'close';
  };
  expect(await isTold()).toBe(false);
  fleet.process.kill('SIGHUP');
  while (!(await isTold()));
});

test.each(['sealed', 'getter'])(
  'answers whose writeHead is %s: the worker lives on, and they say close',
  async (how) => {
    await using fleet = new Fleet([fixture('answers.mjs'), '-w', '1'], { HOW: how });
    const port = await fleet.ready();
    const slow = get(port, '/slow');
    const pipeline = new Pipeline(await connect(port));
    expect(await untilClose(fleet, pipeline, [GET], 'SIGTERM')).toEqual(['close']);
    expect(await slow).toBe('ok');
    expect(await fleet.exited).toEqual({ code: 0, signal: null });
    expect(fleet.log.filter(isDeath)).toEqual([]);
  },
);

test.each([
  ['first', ''],
  ['later', GET],
])('who has sent a part of a %s request is waited for as who has sent none', async (_what, before) => {
  await using fleet = new Fleet([fixture('answers.mjs'), '-w', '1', '--kill-timeout', '20000']);
  const port = await fleet.ready();
  const socket = await connect(port);
  const pipeline = new Pipeline(socket);
  await pipeline.send(before);
  socket.write(GET.slice(0, -4));
  await get(port, '/object'); // it has been read by then
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  expect(fleet.log.filter(isKilled)).toEqual([]);
  expect(pipeline.isClosed).toBe(true);
});

describe('an application that closes its server at SIGTERM', () => {
  test.each([
    ['the fleet ends', (fleet: Fleet) => fleet.stop()],
    [
      'a reload',
      async (fleet: Fleet) => {
        fleet.process.kill('SIGHUP');
        await fleet.logged(isReloaded);
      },
    ],
  ])('sees no error, and one close: %s', async (_what, end) => {
    await using fleet = new Fleet([fixture('closes-when-told.mjs'), '-w', '1']);
    const slow = get(await fleet.ready(), '/slow');
    await fleet.printed(/^asked$/);
    await end(fleet);
    expect(await slow).toBe('ok');
    expect(fleet.output).toEqual(['asked', 'close', 'closed: fine']);
    expect(fleet.log.filter(isDeath)).toEqual([]);
  });
});
