import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { fixture, NODE } from '../helpers/fleet.ts';
import { testKeys } from '../helpers/keys.ts';

// Every Node internal evenkeel leans on, looked at without evenkeel. A failure here means that this Node
// has changed one: the file named beside it is where to look.
test('the internals are as we know them', () => {
  const env = { ...process.env, ...testKeys() };
  const facts = JSON.parse(execFileSync(NODE, [fixture('seam.cjs')], { encoding: 'utf8', env }));
  expect(facts).toEqual({
    // src/spawn-hook.ts
    spawn: { argv0First: true, entry: true, stdio: 4, ipc: true, envPairs: true },
    // src/worker/listen-hook.ts
    question: {
      cmd: 'NODE_CLUSTER',
      act: 'queryServer',
      seq: 'number',
      address: '127.0.0.1',
      port: 65000,
      addressType: 4,
      backlog: true,
      index: 0,
      data: null,
    },
    answer: {
      listening: 1,
      address: { address: '127.0.0.1', family: 'IPv4', port: 65000 },
      onconnection: 'function',
    },
    // src/worker/tcp-handle.ts
    tcp: { name: 'TCP', fd: true, ownProperty: true },
    noDelay: { asked: [true], servers: [false, true, false] },
    // src/worker/connection-meter.ts
    connections: { counts: [0, 1, 0], drained: 1 },
    // src/worker/http-connections.ts
    httpConnections: true,
    // src/worker/last-answer.ts
    parsers: [
      [true, 54],
      [true, 54],
      [false, 0],
      [true, 0],
    ],
    bytesRead: [54, 54],
    // src/worker/server-close.ts
    closes: ['http', 'https', 'http2', 'http2, tls', 'tls'],
    // src/worker/handshakes.ts
    tls: { parent: true },
    // src/control/peer.ts
    pipe: { fd: true },
    // src/primary/balancer.ts, src/messages.ts
    internal: [
      ['NODE_CLUSTER', 'listening', null],
      ['NODE_EVENKEEL', 'listen', null],
      ['NODE_CLUSTER', 'close', 'evenkeel:1'],
      ['NODE_CLUSTER', 'exitedAfterDisconnect', null],
    ],
    plainMessages: 1,
  });
});
