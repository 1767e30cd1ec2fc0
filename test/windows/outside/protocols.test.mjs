import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { testKeys } from '../../../build-windows/tests/keys.mjs';
import { Fleet, get } from '../fleet.mjs';

const keys = testKeys();
const ca = readFileSync(keys.TEST_CERT);

async function all(stream) {
  return (await stream.setEncoding('utf8').toArray()).join('');
}

async function overHttp2(origin) {
  const session = http2.connect(origin, { ca });
  const stream = session.request({ ':path': '/' });
  const text = await all(stream.end());
  session.close();
  return text;
}

function overTls(port) {
  return all(tls.connect({ port, host: 'localhost', ca }));
}

async function overHttps(port) {
  const [response] = await once(https.get({ port, host: 'localhost', ca, agent: false }), 'response');
  return all(response);
}

async function speaking(port) {
  const socket = net.connect(port, '127.0.0.1');
  socket.write('hello');
  return all(socket);
}

const CLIENTS = {
  http: (port) => get(port),
  https: overHttps,
  http2: (port) => overHttp2(`http://127.0.0.1:${port}`),
  http2s: (port) => overHttp2(`https://localhost:${port}`),
  tls: overTls,
  speaksFirst: (port) => all(net.connect(port, '127.0.0.1')),
  listensFirst: speaking,
  ipv6: (port) => all(net.connect(port, '::1')),
  ipv6Only: (port) => all(net.connect(port, '::1')),
};

for (const [strategy, policy] of [
  ['hand-off', 'least-connections'],
  ['shared-handle', 'least-connections'],
  ['shared-handle', 'none'],
]) {
  test(`every protocol, on listen(0), by ${strategy}, ${policy}`, async (t) => {
    const args = ['test/fixtures/every-protocol.mjs', '-w', '2', '-s', strategy, '-p', policy];
    const fleet = new Fleet(t, args, keys);
    await fleet.ready();
    const listens = await fleet.found((lines) => {
      const found = lines.filter((line) => line.startsWith('listens '));
      return found.length === 2 ? found : undefined;
    });
    assert.equal(listens[0], listens[1]); // the same ports in both workers
    const ports = JSON.parse(listens[0].slice('listens '.length));
    assert.deepEqual(Object.keys(ports), Object.keys(CLIENTS));
    const pids = new Set();
    for (const [name, ask] of Object.entries(CLIENTS)) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask(ports[name])));
      for (const answer of answers) {
        assert.match(answer, /^\d+$/, name);
        pids.add(answer);
      }
    }
    if (strategy === 'hand-off') assert.equal(pids.size, 2);
  });
}
