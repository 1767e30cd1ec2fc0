import { expect, test } from 'vitest';
import { type InheritedAddress, matching } from '../../dist/systemd/inherited-sockets.js';

const at = (address: string, port = 80, ipv6Only = false): InheritedAddress => ({
  address,
  port,
  family: address.includes(':') ? 'IPv6' : 'IPv4',
  ipv6Only,
});
const IPV6_ONLY = 1; // UV_TCP_IPV6ONLY
const wanted = (address: string | null, port = 80, flags = 0) => ({
  address,
  port,
  addressType: address?.includes('.') ? (4 as const) : (6 as const),
  flags,
});

test.each([
  ['the same address', wanted('127.0.0.1'), [at('127.0.0.2'), at('127.0.0.1')], 1],
  ['another port', wanted('127.0.0.1', 81), [at('127.0.0.1')], -1],
  ['port 0 means a new one', wanted('127.0.0.1', 0), [at('127.0.0.1')], -1],
  ['all addresses: dual stack', wanted(null), [at('0.0.0.0'), at('::')], 1],
  ['all addresses, no dual stack there: IPv4', wanted(null), [at('::', 80, true), at('0.0.0.0')], 1],
  ['all of IPv4 is not dual stack', wanted('0.0.0.0'), [at('::')], -1],
  [':: is not IPv6 alone', wanted('::'), [at('::', 80, true)], -1],
  ['IPv6 alone', wanted('::', 80, IPV6_ONLY), [at('::'), at('::', 80, true)], 1],
  ['one IPv6 address, whatever the flag', wanted('::1'), [at('::1', 80, true)], 0],
  ['none', wanted(null), [], -1],
])('%s', (_name, question, sockets, index) => expect(matching(question, sockets)).toBe(index));
