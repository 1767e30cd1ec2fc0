import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { isCloseOnExec, leavesNothingOpen } from '../helpers/descriptors.ts';
import { acceptAll, addon, closing, connect, connections, LOOPBACK, listen } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';
import { thrown } from '../helpers/thrown.ts';

function group(count: number, options = LOOPBACK) {
  const first = listen(options);
  first.allowReusePort();
  const others = Array.from({ length: count - 1 }, () => closing(first.member()));
  return { members: [first, ...others], port: first.address().port };
}

function closeAll(fds: number[]): number {
  for (const fd of fds) addon.closeFd(fd);
  return fds.length;
}

describe('members of one port', () => {
  test('share its connections, each of which is in one queue', async () => {
    const { members, port } = group(2);
    await connections(100, port);
    const counts = () => members.map((member) => member.queueLength());
    await eventually(() => counts().reduce((sum, count) => sum + count) === 100);
    const counted = counts();
    expect(Math.min(...counted)).toBeGreaterThan(0); // by chance: once in 2^99 runs
    expect(members.map((member) => closeAll(acceptAll(member)))).toEqual(counted);
  });

  test.each([
    ['IPv4', LOOPBACK],
    ['IPv6', { host: '::1', family: 6, port: 0 } as const],
    ['dual stack', { host: null, port: 0 } as const],
    ['IPv6 only', { host: '::', family: 6, port: 0, ipv6Only: true } as const],
  ])('%s: a member has the address of the first', (_name, options) => {
    const first = listen(options);
    first.allowReusePort();
    const member = closing(first.member());
    expect(member.address()).toEqual(first.address());
    expect(member.fd()).not.toBe(first.fd());
    expect(isCloseOnExec(member.fd())).toBe(true);
    // A member that had not IPV6_V6ONLY as the first has would take, or leave, IPv4's port.
    const onV4 = () => closing(new addon.ListenSocket({ ...LOOPBACK, port: first.address().port })).close();
    const leavesV4 = 'ipv6Only' in options || options.host === '::1';
    if (leavesV4) expect(onV4).not.toThrow();
    else expect(thrown(onV4).code).toBe('EADDRINUSE');
  });

  test('a member makes members too, and has the backlog of the first', async () => {
    const first = listen({ ...LOOPBACK, backlog: 2 });
    first.allowReusePort();
    const member = closing(first.member());
    const grandchild = closing(member.member());
    first.close();
    member.close();
    await connections(3, grandchild.address().port); // all that a backlog of 2 takes
    await eventually(() => grandchild.queueLength() === 3);
    closeAll(acceptAll(grandchild));
  });

  test('one that closes leaves the port to the others', async () => {
    const { members, port } = group(3);
    members[0]?.close();
    members[2]?.close();
    await connections(20, port);
    await eventually(() => members[1]?.queueLength() === 20);
  });
});

describe('the port is for members only', () => {
  test('before allowReusePort() there are none', async () => {
    const first = listen();
    const { address, port } = first.address();
    expect(thrown(() => first.member())).toMatchObject({
      code: 'EADDRINUSE',
      errno: -98,
      syscall: 'bind',
      address,
      port,
    });
    await leavesNothingOpen(300, () => thrown(() => first.member()));
  });

  test("somebody else's exclusive bind is refused", async () => {
    const { port } = group(2);
    expect(thrown(() => listen({ ...LOOPBACK, port })).code).toBe('EADDRINUSE');
    expect(thrown(() => listen({ host: '0.0.0.0', family: 4, port })).code).toBe('EADDRINUSE');
    const foreign = net.createServer().listen(port, '127.0.0.1');
    const [error] = await once(foreign, 'error');
    expect(error.code).toBe('EADDRINUSE');
  });

  test('a port where somebody shares with others is not joined by the first bind', () => {
    const { port } = group(2);
    const late = () => listen({ ...LOOPBACK, port }).allowReusePort();
    expect(thrown(late)).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind' });
  });

  /** Binds with SO_REUSEPORT as another process, of user `uid`: 'bound' or the name of the errno. */
  function foreignMember(port: number, uid: number): string {
    const script = `
import errno, os, socket
os.setuid(${uid}) # the kernel goes by who made the socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
try: s.bind(('127.0.0.1', ${port})); print('bound')
except OSError as e: print(errno.errorcode[e.errno])
`;
    const { stdout, stderr } = spawnSync('python3', ['-c', script], { encoding: 'utf8' });
    return stdout.trim() || stderr;
  }

  const NOBODY = 65534;
  const uid = process.getuid?.() ?? 0;

  test('a process of the same user may join', () => {
    expect(foreignMember(group(1).port, uid)).toBe('bound');
  });

  test('before allowReusePort() it may not', () => {
    expect(foreignMember(listen().address().port, uid)).toBe('EADDRINUSE');
  });

  if (uid !== 0) console.warn('SKIPPED: a process of another user may not join (only root can become one)');
  test.skipIf(uid !== 0)('a process of another user may not', () => {
    expect(foreignMember(group(1).port, NOBODY)).toBe('EADDRINUSE');
  });
});

test('a connection waits in the queue of its member, whoever joins later', async () => {
  const { members, port } = group(1);
  const first = members[0];
  await connect(port);
  await eventually(() => first?.queueLength() === 1);
  const later = closing(members[0]?.member() ?? listen());
  expect([first?.queueLength(), later.queueLength()]).toEqual([1, 0]);
});
