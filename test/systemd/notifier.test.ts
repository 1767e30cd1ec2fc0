import { expect, test } from 'vitest';
import { Notifier } from '../../dist/systemd/notifier.js';
import { addon } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

const warnings: string[] = [];
const log = {
  debug() {},
  info() {},
  error() {},
  warn: (_facts: object, text: string) => warnings.push(text),
};

test('a full queue is waited for, and the order kept', async () => {
  const sent: string[] = [];
  let full = 3;
  const notifier = new Notifier('@x', log, (_path, text) => {
    if (full-- > 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
    sent.push(text);
  });
  notifier.tell('READY=1');
  notifier.tell('RELOADING=1', 'MONOTONIC_USEC=5');
  expect(sent).toEqual([]);
  await eventually(() => sent.length === 2);
  expect(sent).toEqual(['READY=1', 'RELOADING=1\nMONOTONIC_USEC=5']);
  expect(warnings).toEqual([]);
});

test('who is not there is said once, with the name', () => {
  const notifier = new Notifier('/nowhere/notify', log);
  notifier.tell('READY=1');
  notifier.tell('STOPPING=1');
  expect(warnings).toEqual([
    expect.stringMatching(/^cannot notify the service manager \(NOTIFY_SOCKET=\/nowhere\/notify\): .*ENOENT/),
  ]);
});

test.each([
  ['/'.padEnd(108, 'x'), 'EINVAL'],
  ['/'.padEnd(107, 'x'), 'ENAMETOOLONG|ENOENT'],
  ['@'.padEnd(109, 'x'), 'EINVAL'],
  ['@'.padEnd(108, 'x'), 'ECONNREFUSED'],
  ['', 'EINVAL'],
])('datagram to %s', (path, code) => {
  expect(() => addon.sendDatagram(path, 'x')).toThrow(new RegExp(`sendto (${code})`));
});
