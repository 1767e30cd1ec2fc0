import { describe, expect, test } from 'vitest';
import {
  COMMAND,
  closedAddress,
  closedKey,
  isIpv6Only,
  isQuestion,
  isTermRequest,
  leaseKey,
  leaseOf,
  parsePayload,
  type Question,
} from '../dist/messages.js';
import { refusal } from './helpers/thrown.ts';

const question: Question = {
  cmd: COMMAND,
  act: 'listen',
  seq: 1,
  address: '127.0.0.1',
  port: 8080,
  addressType: 4,
  flags: 0,
  backlog: 511,
  index: 0,
  data: null,
  protocol: 'http',
  noDelay: true,
};

/** What an application can send by process.send() that is no object of ours. */
const JUNK = [undefined, null, true, 0, Number.NaN, '', 'listen', [], {}, [COMMAND], () => {}, Symbol('x')];

describe('isQuestion', () => {
  test.each([
    ['as it is', {}],
    ['IPv6', { addressType: 6, address: '::1' }],
    ['no address', { address: null }],
    ['address left out', { address: undefined }],
    ['port 0', { port: 0 }],
    ['port 65535', { port: 65_535 }],
    ['flags and backlog left out', { flags: undefined, backlog: undefined }],
    ['data of any kind', { data: { ticketKeys: 'x' } }],
  ])('%s: yes', (_name, change) => {
    expect(isQuestion({ ...question, ...change })).toBe(true);
  });

  test.each([
    ["node:cluster's own command", { cmd: 'NODE_CLUSTER' }],
    ['no command', { cmd: undefined }],
    ['another act', { act: 'term' }],
    ['no act', { act: undefined }],
    ['no seq', { seq: undefined }],
    ['seq as text', { seq: '1' }],
    ['no port', { port: undefined }],
    ['port null', { port: null }],
    ['port as text', { port: '8080' }],
    ['port -1', { port: -1 }],
    ['port 65536', { port: 65_536 }],
    ['port NaN', { port: Number.NaN }],
    ['port Infinity', { port: Number.POSITIVE_INFINITY }],
    ['UDP', { addressType: 'udp4' }],
    ['a pipe', { addressType: -1 }],
    ['no address type', { addressType: undefined }],
    ['address type as text', { addressType: '4' }],
    ['noDelay left out', { noDelay: undefined }],
    ['address a number', { address: 2_130_706_433 }],
    ['address an object', { address: { toString: () => '127.0.0.1' } }],
  ])('%s: no', (_name, change) => {
    expect(isQuestion({ ...question, ...change })).toBe(false);
  });

  test.each([
    ['port 80.5', { port: 80.5 }],
    ['seq NaN', { seq: Number.NaN }],
  ])('%s: no', (_name, change) => {
    expect(isQuestion({ ...question, ...change })).toBe(false);
  });

  test.each(JUNK)('%o: no', (message) => {
    expect(isQuestion(message)).toBe(false);
  });
});

describe('isTermRequest', () => {
  test('ours: yes', () => {
    expect(isTermRequest({ cmd: COMMAND, act: 'term' })).toBe(true);
  });

  test.each([question, { cmd: 'NODE_CLUSTER', act: 'term' }, { act: 'term' }, ...JUNK])(
    '%o: no',
    (message) => {
      expect(isTermRequest(message)).toBe(false);
    },
  );
});

describe('closedKey', () => {
  test("the key in node:cluster's own message", () => {
    expect(closedKey({ cmd: 'NODE_CLUSTER', act: 'close', key: 'evenkeel:7' })).toBe('evenkeel:7');
    expect(closedKey({ cmd: 'NODE_CLUSTER', act: 'close', key: '127.0.0.1:80:4::0' })).toBe(
      '127.0.0.1:80:4::0',
    );
  });

  test.each([
    { cmd: COMMAND, act: 'close', key: 'evenkeel:7' },
    { cmd: 'NODE_CLUSTER', act: 'listening', key: 'evenkeel:7' },
    { cmd: 'NODE_CLUSTER', act: 'close' },
    { cmd: 'NODE_CLUSTER', act: 'close', key: 7 },
    { cmd: 'NODE_CLUSTER', act: 'close', key: null },
    { cmd: 'NODE_CLUSTER', act: 'close', key: ['evenkeel:7'] },
    ...JUNK,
  ])('%o: none', (message) => {
    expect(closedKey(message)).toBeUndefined();
  });
});

describe('leases', () => {
  test.each([1, 2, 10, 4_294_967_295])('%d there and back', (lease) => {
    expect(leaseOf(leaseKey(lease))).toBe(lease);
  });

  // The keys node:cluster makes for what it serves itself: its servers close too.
  test.each(['', '7', '127.0.0.1:80:4::0', 'null:0:4::1', ' evenkeel:7', 'Evenkeel:7', 'evenkeel:many'])(
    "'%s' is none of ours",
    (key) => {
      expect(leaseOf(key)).toBeNaN();
    },
  );
});

test('isIpv6Only reads the flag of libuv, and no other', () => {
  expect(isIpv6Only({ ...question, flags: 1 })).toBe(true);
  expect(isIpv6Only({ ...question, flags: 3 })).toBe(true);
  expect(isIpv6Only({ ...question, flags: 0 })).toBe(false);
  expect(isIpv6Only({ ...question, flags: 2 })).toBe(false);
  expect(isIpv6Only({ ...question, flags: undefined })).toBe(false);
});

describe('parsePayload', () => {
  test.each([{ slot: 3, strategy: 'hand-off' }, { address: '::', data: 'ü€𝄞\u0000"\\' }, [], null, 0, 'x'])(
    '%o there and back',
    (value) => {
      expect(parsePayload(JSON.stringify(value))).toEqual(value);
    },
  );

  test.each([
    '',
    ' ',
    '{',
    '{"slot":3',
    '{slot:3}',
    "{'a':1}",
    'undefined',
    '\u0000',
    '\uFFFD\uFFFD',
    '[1,]',
  ])('%o is no JSON: the error is ours and keeps the cause', (payload) => {
    const { code, message, cause } = refusal(() => parsePayload(payload));
    expect(code).toBe('ERR_CHANNEL_MESSAGE');
    expect(message).toMatch(/not JSON; it was ignored/);
    expect(cause).toBeInstanceOf(SyntaxError);
  });
});

describe('where a server was, by the key node:cluster has for it', () => {
  test.each([
    ['127.0.0.1:8080:4:undefined:0', { address: '127.0.0.1', port: 8080, addressType: 4 }],
    ['null:8080:4:undefined:1', { address: null, port: 8080, addressType: 4 }],
    ['undefined:8080:6::0', { address: null, port: 8080, addressType: 6 }],
    ['::1:8080:6:undefined:0', { address: '::1', port: 8080, addressType: 6 }],
    ['127.0.0.1:8080:4:undefined', { address: '127.0.0.1', port: 8080, addressType: 4 }],
    ['::1:8080:6:undefined', { address: '::1', port: 8080, addressType: 6 }],
    ['/run/a.sock:-1:-1:undefined', { address: '/run/a.sock', port: -1, addressType: -1 }],
    ['0.0.0.0:5353:udp4:-1', { address: '0.0.0.0', port: 5353, addressType: 'udp4' }],
    ['null:0:4:undefined:3', { address: null, port: 0, addressType: 4 }],
    ['/run/a:b.sock:-1:-1:undefined:0', { address: '/run/a:b.sock', port: -1, addressType: -1 }],
    ['null:5353:udp4:undefined:0', { address: null, port: 5353, addressType: 'udp4' }],
    ['::1:5353:udp6:null:0', { address: '::1', port: 5353, addressType: 'udp6' }],
  ])('%s', (key, address) => {
    expect(closedAddress(key)).toEqual(address);
  });

  test.each([leaseKey(7), '', 'null', '127.0.0.1:8080', 'null:8080:5:undefined:0'])(
    '%j says nothing of it',
    (key) => {
      expect(closedAddress(key)).toBeUndefined();
    },
  );
});
