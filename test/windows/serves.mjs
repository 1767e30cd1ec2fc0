import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { ask, ControlledFleet, eventually, fate, get } from './fleet.mjs';

const BODY = 'y'.repeat(200_000);

/** So many slow requests: what becomes of each, and in which worker it is, once all are inside. */
async function inside(fleet, port, count) {
  const fates = Array.from({ length: count }, (_, i) => fate(get(port, `/slow/${i}`)));
  const pids = [];
  for (let i = 0; i < count; i++) {
    pids.push(Number((await fleet.printed(new RegExp(`^begun ${i} `))).split(' ')[2]));
  }
  return { fates, pids };
}

/** A fleet in Wine, whose clients are this machine's: one, since a start takes long, for all that is asked of it. */
export function serves(strategy, policy) {
  test(`${strategy}, ${policy}`, async (t) => {
    const args = ['test/windows/fixtures/answers.mjs', '-w', '2', '-s', strategy, '-p', policy];
    const fleet = new ControlledFleet(t, args);
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

    await t.test('a connection that is kept alive serves many requests', async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const pids = new Set();
      let reused = 0;
      for (let i = 0; i < 20; i++) {
        const { request, text } = await ask(port, '/', { agent });
        pids.add(JSON.parse(text).pid);
        if (request.reusedSocket) reused++;
      }
      agent.destroy();
      assert.deepEqual([pids.size, reused], [1, 19]);
    });

    await t.test('both families reach it, since it listens on all addresses', async () => {
      for (const host of ['::1', '127.0.0.1']) assert.ok(JSON.parse(await get(port, '/', { host })).pid);
    });

    const isSpread = policy !== 'source-hash' && policy !== 'none';
    await t.test('a worker blocks: the other serves meanwhile', { skip: !isSpread }, async () => {
      let isOver = false;
      const blocked = get(port, '/block/4000').then(() => {
        isOver = true;
      });
      const pid = Number((await fleet.printed(/^blocked /)).split(' ')[1]);
      const answers = await Promise.all(Array.from({ length: 40 }, () => get(port)));
      assert.equal(isOver, false);
      assert.equal(new Set(answers).size, 1);
      assert.notEqual(JSON.parse(answers[0]).pid, pid);
      await blocked;
    });

    await t.test('a worker is killed: what was inside it fails, and nothing else', async () => {
      const { fates, pids } = await inside(fleet, port, 20);
      const [killed] = pids;
      await fleet.ask(`kill/${killed}`);
      const queued = Array.from({ length: 20 }, () => fate(get(port)));
      const failed = (await Promise.all(fates)).map(({ failed }) => failed !== undefined);
      assert.deepEqual(
        failed,
        pids.map((pid) => pid === killed),
      );
      for (const { failed, text } of await Promise.all(queued)) {
        assert.equal(failed, undefined);
        assert.notEqual(JSON.parse(text).pid, killed);
      }
      await eventually(async () => {
        const workers = await fleet.ask('workers');
        return workers.length === 2 && !workers.includes(killed);
      });
    });
  });
}
