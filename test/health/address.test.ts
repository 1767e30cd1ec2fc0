import { expect, test } from 'vitest';
import { parseTcpAddress } from '../../dist/health/address.js';

test.each([
  ['9464', '127.0.0.1', 9464],
  [9464, '127.0.0.1', 9464],
  ['0', '127.0.0.1', 0],
  ['0.0.0.0:9464', '0.0.0.0', 9464],
  ['localhost:9464', 'localhost', 9464],
  ['[::1]:9464', '::1', 9464],
  [{ port: 1 }, '127.0.0.1', 1],
  [{ port: 1, host: '::' }, '::', 1],
])('%j', (value, host, port) => expect(parseTcpAddress('metrics', value)).toEqual({ host, port }));

test.each([
  [''],
  ['many'],
  ['65536'],
  [-1],
  [1.5],
  ['::1:9464'],
  ['[localhost]:9464'],
  [':9464'],
  ['host:'],
  ['a:b:1'],
  [{ port: '1' }],
  [{ port: 1, host: '' }],
  [{ host: '::' }],
  [null],
  [true],
])('%j is refused', (value) => {
  expect(() => parseTcpAddress('metrics', value as never)).toThrow(/^metrics must be a port .* not /);
});

test('the refusal names the option', () => {
  expect(() => parseTcpAddress('agentCheck', 'many')).toThrow(/^agentCheck must be a port .* not 'many'$/);
});
