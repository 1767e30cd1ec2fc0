import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { Fleet, fixture, type LogLine } from '../helpers/fleet.ts';
import { testKeys } from '../helpers/keys.ts';
import { Pipeline } from '../helpers/pipeline.ts';
import { eventually, get, isRunning } from '../helpers/requests.ts';

// What those who are connected to a worker that is to end see of that.

const isKilled = ({ msg }: LogLine): boolean => / did not end within \d+ ms: killed$/.test(msg);

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab\r\n\r\ncde';

/** RFC 9113, 6.5. */
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

describe.each(['at-once', 'later', 'when-read'])('requests on their way together, answered %s', (how) => {
  test.each([
    ['in one piece', [GET.repeat(4)]],
    ['one of them in two', [GET.repeat(3) + GET.slice(0, 9), GET.slice(9)]],
    ['with bodies', [POST + GET + POST]],
  ])('%s: every one has its answer, and the last one says close', async (_what, pieces) => {
    await using fleet = new Fleet([fixture('pipelined.mjs'), '-w', '1'], { HOW: how });
    const pipeline = new Pipeline(await connect(await fleet.ready()));
    const count = pieces.join('').match(/HTTP/g)?.length ?? 0;
    expect(await pipeline.send(...pieces)).toEqual(Array(count).fill('keep-alive'));
    fleet.process.kill('SIGTERM');
    let last: string[] = [];
    while (!last.includes('close')) {
      last = await pipeline.send(...pieces);
      expect(last).toHaveLength(count);
    }
    expect(last).toEqual([...Array(count - 1).fill('keep-alive'), 'close']);
    expect(await fleet.exited).toEqual({ code: 0, signal: null });
  });
});

test('an answer whose headers are given to writeHead() says close too, whoever has put a hook before it', async () => {
  await using fleet = new Fleet([fixture('pipelined.mjs'), '-w', '1'], { HOW: 'write-head' });
  const pipeline = new Pipeline(await connect(await fleet.ready()));
  expect(await pipeline.send(GET)).toEqual(['keep-alive']);
  fleet.process.kill('SIGTERM');
  let last: string[] = [];
  while (!last.includes('close')) {
    last = await pipeline.send(GET);
    expect(last).toHaveLength(1);
  }
  expect(fleet.output.filter((line) => line === 'hooked').length).toBeGreaterThan(1);
  await fleet.exited;
});

test.each(['https-hello.mjs', 'h2-hello.mjs'])(
  'who has connected to %s and never ends a TLS handshake does not hold it up',
  async (server) => {
    await using fleet = new Fleet([fixture(server), '-w', '1', '--kill-timeout', '20000'], testKeys());
    const port = await fleet.ready();
    const silent = await connect(port);
    const ALPNProtocols = server === 'h2-hello.mjs' ? ['h2'] : ['http/1.1'];
    const secure = tls
      .connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols })
      .resume();
    onTestFinished(() => void secure.destroy());
    await once(secure, 'secureConnect');
    const closed = once(silent, 'close');
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
    await closed;
    expect(fleet.log.filter(isKilled)).toEqual([]);
  },
);

test.each([
  ['h2c-hello.mjs', (port: number) => net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })],
  [
    'h2-hello.mjs',
    (port: number) =>
      tls.connect({
        port,
        host: '127.0.0.1',
        allowHalfOpen: true,
        rejectUnauthorized: false,
        ALPNProtocols: ['h2'],
      }),
  ],
])('an HTTP/2 client of %s that has vanished does not hold it up', async (server, connectTo) => {
  await using fleet = new Fleet([fixture(server), '-w', '1', '--kill-timeout', '5000'], testKeys());
  const socket = connectTo(await fleet.ready());
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve) =>
    socket.once(server === 'h2-hello.mjs' ? 'secureConnect' : 'connect', resolve),
  );
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), EMPTY_SETTINGS]));
  await once(socket, 'data'); // the server's own settings; from here on nobody reads or answers
  socket.pause();
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  expect(fleet.log.filter(isKilled)).toEqual([]);
});

test('idle connections are closed before the kill timeout, however short that is', async () => {
  await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '1', '--kill-timeout', '600']);
  const pipeline = new Pipeline(await connect(await fleet.ready()));
  expect(await pipeline.send(GET)).toEqual(['keep-alive']);
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  expect(fleet.log.filter(isKilled)).toEqual([]);
});

test('who is to end listens nowhere anew', async () => {
  await using fleet = new Fleet([fixture('listens-while-draining.mjs'), '-w', '1']);
  const answer = get(await fleet.ready());
  await fleet.printed(/^asked$/);
  fleet.process.kill('SIGTERM');
  expect(await answer).toBe('ok');
  expect(await fleet.exited).toEqual({ code: 0, signal: null });
  expect(fleet.output).toEqual(['asked', 'wants to listen']);
});

const sendSigterm = async (_port: number, pid: number): Promise<void> => void process.kill(pid, 'SIGTERM');
const leave = async (port: number): Promise<void> => void (await get(port, '/leave'));

describe.each(STRATEGIES)('the only worker, %s: nobody is refused where it', (strategy) => {
  test.each([
    ['is sent a SIGTERM, and closes its server by itself', 'own-sigterm.mjs', sendSigterm],
    ['calls worker.disconnect()', 'closes-when-told.mjs', leave],
  ])('%s', async (_what, server, end) => {
    await using fleet = new Fleet([fixture(server), '-w', '1', '-s', strategy, '--min-uptime', '1']);
    const port = await fleet.ready();
    const worker = Number(await get(port, '/pid'));
    const fates: string[] = [];
    await end(port, worker);
    while (isRunning(worker) || fates.at(-1) !== 'ok') {
      fates.push(await get(port).catch(({ code }) => code));
    }
    expect(fates.filter((fate) => fate === 'ECONNREFUSED')).toEqual([]);
    await eventually(async () => Number(await get(port, '/pid')) !== worker);
  });
});
