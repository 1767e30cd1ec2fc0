import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ListenSocketOptions } from '../../dist/binding.js';
import { acceptAll, addon, closing, connect, LOOPBACK, listen } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

// A listening socket that somebody else made, and keeps: as systemd gives it.

const taking = (takeFd: number) => new addon.ListenSocket({ host: null, port: 0, takeFd });
const openDescriptors = () => readdirSync('/proc/self/fd').length;
const flagsOf = (fd: number) =>
  Number.parseInt(/flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8);
const [NONBLOCK, CLOEXEC] = [0o4000, 0o2000000];

test('it is the same socket, of this process alone, and never waits', async () => {
  const theirs = listen();
  const ours = closing(taking(theirs.share()));
  expect(ours.address()).toEqual(theirs.address());
  expect(flagsOf(ours.fd()) & (NONBLOCK | CLOEXEC)).toBe(NONBLOCK | CLOEXEC);
  expect(ours.accept()).toBe(-1);
  await connect(theirs.address().port);
  await eventually(() => ours.queueLength() === 1);
});

test('what it does leaves nothing on the socket: others go on listening', async () => {
  const theirs = listen();
  const { port } = theirs.address();
  const ours = taking(theirs.share());
  expect(ours.retire()).toBe(false);
  await connect(port);
  ours.close();
  await connect(port);
  await eventually(() => theirs.queueLength() === 2);
  const fds = acceptAll(theirs);
  expect(fds).toHaveLength(2);
  for (const fd of fds) addon.closeFd(fd);
});

test('whether connections have TCP_NODELAY is said either way', async () => {
  const theirs = listen({ ...LOOPBACK, noDelay: true });
  for (const noDelay of [false, true]) {
    closing(taking(theirs.share())).noDelay(noDelay);
    const out = execFileSync('python3', ['-c', NO_DELAY, '3'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit', theirs.fd()],
    });
    expect(out.trim()).toBe(noDelay ? '1' : '0');
  }
});

const NO_DELAY =
  'import socket; print(socket.socket(fileno=3).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))';

test('how many may wait is said when it is owned; then it refuses at its end', async () => {
  const theirs = listen({ ...LOOPBACK, backlog: 100 });
  const ours = closing(taking(theirs.share()));
  const backlog = () =>
    execFileSync('ss', ['-Hltn', `sport = :${theirs.address().port}`], { encoding: 'utf8' })
      .trim()
      .split(/\s+/)[2];
  expect([ours.isOthers(), backlog()]).toEqual([true, '100']);
  ours.own(7);
  expect([ours.isOthers(), backlog()]).toEqual([false, '7']);
  expect(ours.retire()).toBe(true);
});

test('IPv6 alone, or both families', () => {
  const of = (options: ListenSocketOptions) => listen(options).ipv6Only();
  expect(of({ host: '::', family: 6, port: 0, ipv6Only: true })).toBe(true);
  expect(of({ host: '::', family: 6, port: 0 })).toBe(false);
  expect(of(LOOPBACK)).toBe(false);
});

test('what is no listening TCP socket is refused, and closed as everything that is given', () => {
  const before = openDescriptors();
  expect(() => taking(openSync('/dev/null', 'r'))).toThrow(/ENOTSOCK/);
  expect(() => taking(addon.unboundSocket())).toThrow(/EINVAL/);
  const fd = openSync('/dev/null', 'r');
  closeSync(fd);
  expect(() => taking(fd)).toThrow(/EBADF/);
  expect(openDescriptors()).toBe(before);
});
