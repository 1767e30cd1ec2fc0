import { execFileSync, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import type { ListenSocketOptions } from '../../dist/binding.js';
import { isCloseOnExec, leavesNothingOpen, namesDescriptors } from '../helpers/descriptors.ts';
import { fixture, NODE } from '../helpers/fleet.ts';
import {
  acceptAll,
  addon,
  closing,
  connect,
  connections,
  handshaking,
  LOOPBACK,
  listen,
  queueOf,
  socketOver,
  talk,
} from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';
import { thrown } from '../helpers/thrown.ts';

/** What Windows has not: a queue that is counted, groups, TCP_DEFER_ACCEPT, options that are looked at from python3. */
const testPosix = test.runIf(namesDescriptors);

const V4_ANY = { host: '0.0.0.0', family: 4, port: 0 } as const;
const V6_ANY = { host: '::', family: 6, port: 0 } as const;

/** Nobody listens there on IPv4. In Wine another program's port may have the same number. */
async function isRefused(port: number): Promise<void> {
  const reached = connect(port, '127.0.0.1');
  if (namesDescriptors) await expect(reached).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  else await reached.catch(({ code }) => expect(code).toBe('ECONNREFUSED'));
}

describe('addresses', () => {
  test('IPv4, port 0: the kernel chooses one', () => {
    const { address, family, port } = listen().address();
    expect({ address, family }).toEqual({ address: '127.0.0.1', family: 'IPv4' });
    expect(port).toBeGreaterThan(0);
    expect(listen().address().port).not.toBe(port);
  });

  test('a port given', () => {
    const socket = listen();
    const { port } = socket.address();
    socket.close();
    expect(listen({ ...LOOPBACK, port }).address().port).toBe(port);
  });

  test('IPv6', async () => {
    const socket = listen({ host: '::1', family: 6, port: 0 });
    const { address, family, port } = socket.address();
    expect({ address, family }).toEqual({ address: '::1', family: 'IPv6' });
    await talk(await connect(port, '::1'), socket.accept());
    await isRefused(port);
    expect(socket.accept()).toBe(-1);
  });

  test.each([
    ['no host', { host: null, port: 0 }],
    ['::', V6_ANY],
  ])('%s is dual stack: a client of either family reaches it', async (_name, options) => {
    const socket = listen(options);
    const { address, family, port } = socket.address();
    expect({ address, family }).toEqual({ address: '::', family: 'IPv6' });
    await talk(await connect(port, '127.0.0.1'), socket.accept());
    await talk(await connect(port, '::1'), socket.accept());
    expect(thrown(() => listen({ ...V4_ANY, port })).code).toBe('EADDRINUSE');
  });

  test('ipv6Only leaves the port to IPv4', async () => {
    const v6 = listen({ ...V6_ANY, ipv6Only: true });
    const { port } = v6.address();
    await isRefused(port);
    expect(v6.accept()).toBe(-1);
    const v4 = listen({ ...V4_ANY, port });
    await talk(await connect(port, '127.0.0.1'), v4.accept());
    await talk(await connect(port, '::1'), v6.accept());
  });

  // libuv keeps a bind's EADDRINUSE until listen(): Node does not get to try 0.0.0.0 then.
  testPosix('no host, and the port is taken on ::, if for IPv6 only: refused, as Node does', async () => {
    const { port } = listen({ ...V6_ANY, ipv6Only: true }).address();
    const node = net.createServer().listen(port);
    expect((await once(node, 'error'))[0]).toMatchObject({ code: 'EADDRINUSE', address: '::' });
    expect(thrown(() => listen({ host: null, port }))).toMatchObject({ code: 'EADDRINUSE', address: '::' });
  });

  test('a port whose last connection is in TIME_WAIT can be had again', async () => {
    const first = listen();
    const { port } = first.address();
    const client = await connect(port);
    const server = socketOver(first.accept());
    server.end(); // this end closes first: TIME_WAIT is here
    client.resume().on('end', () => client.end());
    await new Promise((resolve) => server.resume().once('close', resolve));
    first.close();
    expect(listen({ ...LOOPBACK, port }).address().port).toBe(port);
  });
});

describe('the accept queue', () => {
  test('is counted, and emptied in order; -1 when it is empty', async () => {
    const socket = listen();
    expect(socket.queueLength()).toBe(0);
    expect(socket.accept()).toBe(-1);
    const clients = await connections(5, socket.address().port);
    await eventually(() => socket.queueLength() === queueOf(5));
    for (const [i, client] of clients.entries()) {
      const accepted = socketOver(socket.accept());
      expect(accepted.remotePort).toBe(client.localPort);
      expect(socket.queueLength()).toBe(queueOf(4 - i));
      accepted.destroy();
    }
    expect(socket.accept()).toBe(-1);
  });

  test("holds hundreds by default, as Node's does", async () => {
    const socket = listen();
    await connections(400, socket.address().port);
    // A queue that is full lets one more in at most.
    const fds = acceptAll(socket);
    expect(fds).toHaveLength(400);
    for (const fd of fds) addon.closeFd(fd);
  });

  testPosix('is as long as backlog says', async () => {
    const socket = listen({ ...LOOPBACK, backlog: 3 });
    const { port } = socket.address();
    await connections(4, port); // listen(2): the kernel takes one more
    await eventually(() => socket.queueLength() === 4);
    const fifth = connect(port);
    await eventually(() => handshaking(port) === 1); // its SYN is dropped, and sent again after a second
    for (const fd of acceptAll(socket)) addon.closeFd(fd);
    const client = await fifth;
    await eventually(() => socket.queueLength() === 1);
    await talk(client, socket.accept());
  });
});

describe('close-on-exec', () => {
  testPosix('everything it makes', async () => {
    const socket = listen();
    socket.allowReusePort();
    const member = socket.member();
    await connect(socket.address().port);
    await eventually(() => socket.queueLength() + member.queueLength() === 1);
    const shared = socket.share();
    const accepted = [...acceptAll(socket), ...acceptAll(member)];
    const unbound = addon.unboundSocket();
    const fds = [socket.fd(), member.fd(), shared, unbound, ...accepted];
    expect(fds.map(isCloseOnExec)).toEqual([true, true, true, true, true]);
    for (const fd of [shared, unbound, ...accepted]) addon.closeFd(fd);
    member.close();
  });
});

describe('failures', () => {
  /** A socket that stays, for others to collide with. */
  const taken = new addon.ListenSocket(LOOPBACK);
  const { port } = taken.address();
  afterAll(() => taken.close());

  const failures: [string, ListenSocketOptions, string][] = [
    ['a port taken', { ...LOOPBACK, port }, 'EADDRINUSE'],
    ['an address of another machine', { host: '192.0.2.1', family: 4, port: 8080 }, 'EADDRNOTAVAIL'],
    ['an IPv6 address of another machine', { host: '2001:db8::1', family: 6, port: 8080 }, 'EADDRNOTAVAIL'],
    ['a name', { host: 'localhost', family: 4, port: 8080 }, 'EINVAL'],
    ['junk', { host: '256.0.0.1', family: 4, port: 8080 }, 'EINVAL'],
    ['IPv6 junk', { host: ':::', family: 6, port: 8080 }, 'EINVAL'],
    ['the other family', { host: '::1', family: 4, port: 8080 }, 'EINVAL'],
    ['IPv4 as IPv6', { host: '127.0.0.1', family: 6, port: 8080 }, 'EINVAL'],
  ];

  test.each(failures)('%s: the Error Node itself would make', (_name, options, code) => {
    const error = thrown(() => new addon.ListenSocket(options));
    expect(getSystemErrorName(error.errno as number)).toBe(code);
    expect(error).toMatchObject({
      code,
      syscall: 'bind',
      address: options.host,
      port: options.port,
    });
    expect(error.message).toMatch(
      new RegExp(`^bind ${error.code}: .+ ${options.host}:${options.port}$`.replaceAll('.1', '\\.1')),
    );
  });

  test.each(failures)('%s: nothing stays open', async (_name, options) => {
    await leavesNothingOpen(300, () => thrown(() => new addon.ListenSocket(options)));
  });

  test.each([-1, 65_536, 1e9])('port %d: a RangeError', async (wrong) => {
    await leavesNothingOpen(300, () => {
      expect(thrown(() => new addon.ListenSocket({ ...LOOPBACK, port: wrong }))).toBeInstanceOf(RangeError);
    });
  });

  test.each([undefined, null, 8080, '127.0.0.1'])('%o for options: a TypeError', (options) => {
    const error = thrown(() => new addon.ListenSocket(options as unknown as ListenSocketOptions));
    expect(error).toBeInstanceOf(TypeError);
  });

  test('after close() every use is EBADF', () => {
    const socket = listen();
    socket.close();
    expect(socket.fd()).toBe(-1);
    const uses = ['address', 'allowReusePort', 'member', 'queueLength', 'accept', 'share', 'retire'] as const;
    const codes = uses.map((use) => [use, thrown(() => socket[use]()).code]);
    expect(codes).toEqual(uses.map((use) => [use, 'EBADF']));
  });

  test('close() twice: the second closes nothing, not even the next one of the same number', () => {
    const socket = listen();
    const fd = socket.fd();
    socket.close();
    const next = listen();
    expect(next.fd()).toBe(fd);
    socket.close();
    expect(next.address().port).toBeGreaterThan(0);
  });

  test('working, hundreds of times: nothing stays open', async () => {
    await leavesNothingOpen(300, () => {
      const socket = new addon.ListenSocket(LOOPBACK);
      if (namesDescriptors) {
        socket.allowReusePort();
        socket.member().close();
      }
      addon.closeFd(socket.share());
      socket.retire();
      socket.close();
    });
  });

  test('not closed: the garbage collector does it', () => {
    const script = fixture('native/forgets-its-sockets.mjs');
    expect(execFileSync(NODE, ['--expose-gc', script], { encoding: 'utf8' })).toBe('0 left open\n');
  });
});

/** An option of a socket, as the kernel tells it. */
function tcpOption(fd: number, option: string): number {
  const script = `import socket; print(socket.socket(fileno=3).getsockopt(socket.IPPROTO_TCP, socket.${option}))`;
  const stdio: StdioOptions = ['ignore', 'pipe', 'inherit', fd];
  return Number(execFileSync('python3', ['-c', script], { stdio, encoding: 'utf8' }));
}

describe.runIf(namesDescriptors)('options that connections inherit', () => {
  test.each([true, false])('noDelay %s, by a member of the group too', async (noDelay) => {
    const socket = listen({ ...LOOPBACK, noDelay });
    await connect(socket.address().port);
    const fd = socket.accept();
    expect(tcpOption(fd, 'TCP_NODELAY')).toBe(Number(noDelay));
    addon.closeFd(fd);
    socket.allowReusePort();
    expect(tcpOption(closing(socket.member()).fd(), 'TCP_NODELAY')).toBe(Number(noDelay));
  });

  testPosix('deferAccept: a connection without a byte is not in the queue for a second', async () => {
    const socket = listen();
    socket.deferAccept(true);
    const client = await connect(socket.address().port);
    const began = performance.now();
    expect(socket.queueLength()).toBe(0);
    client.write('x');
    await eventually(() => socket.queueLength() === 1);
    await connect(socket.address().port); // says nothing
    await eventually(() => socket.queueLength() === 2);
    expect(performance.now() - began).toBeGreaterThan(500);
  });
});
