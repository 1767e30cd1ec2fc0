import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { ask, Fleet, get, PAIRS } from '../fleet.mjs';

// Fleets in Wine, whose clients are this machine's.

const BODY = 'y'.repeat(200_000);
const ANSWERS = 'test/windows/fixtures/answers.mjs';

for (const [strategy, policy] of PAIRS) {
  test(`${strategy}, ${policy}`, async (t) => {
    const fleet = new Fleet(t, [ANSWERS, '-w', '2', '-s', strategy, '-p', policy]);
    const port = await fleet.ready();

    await t.test('64 of 64 are answered at once, half of them long in both directions', async () => {
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, i) =>
          i % 2 === 0 ? get(port) : get(port, '/long', { method: 'POST', body: BODY }),
        ),
      );
      const long = answers.filter((_, i) => i % 2 === 1).map((text) => JSON.parse(text));
      assert.deepEqual(new Set(long.map(({ length }) => length)), new Set([BODY.length]));
      assert.deepEqual(new Set(long.map(({ answer }) => answer.length)), new Set([150_000]));
      const pids = new Set(answers.map((text) => JSON.parse(text).pid));
      if (policy === 'source-hash') assert.equal(pids.size, 1);
      else if (strategy === 'hand-off') assert.equal(pids.size, 2);
    });

    await t.test('a connection that is kept alive serves many, all by one worker', async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const pids = new Set();
      const ports = new Set();
      for (let i = 0; i < 20; i++) {
        const { response, text } = await ask(port, '/', { agent });
        pids.add(JSON.parse(text).pid);
        ports.add(response.socket?.localPort ?? response.req.socket.localPort);
      }
      agent.destroy();
      assert.deepEqual([pids.size, ports.size], [1, 1]);
    });

    await t.test('both families reach the dual-stack address', async () => {
      const socket = net.connect(port, '::1');
      await once(socket, 'connect');
      socket.destroy();
      assert.ok(JSON.parse(await get(port, '/', { host: '::1' })).pid);
      assert.ok(JSON.parse(await get(port, '/', { host: '127.0.0.1' })).pid);
    });
  });
}
