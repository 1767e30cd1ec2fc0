import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { Exposition } from '../../../build-windows/tests/exposition.mjs';
import { ask, evenkeel, evenkeelJson, eventually, get, Reloadable } from '../fleet.mjs';
import { losesNothing } from '../load.mjs';

// No signal reloads there: what asks for it comes through the control pipe.

const WORKERS = 2;

async function answerAt(port, agent = false) {
  const { request, response, text } = await ask(port, '/', { agent });
  const { version, pid } = JSON.parse(text);
  return { version, pid, reused: request.reusedSocket, connection: response.headers.connection };
}

for (const strategy of ['hand-off', 'shared-handle']) {
  test(`evenkeel reload, ${strategy}`, async (t) => {
    const name = `reload-${strategy}`;
    const args = ['-w', `${WORKERS}`, '-s', strategy, '--name', name, '--metrics', '0'];
    // So slow is Wine that with Node's five seconds nobody would be idle any more when a worker drains.
    const fleet = new Reloadable(t, args, 'ok', { KEEP_ALIVE_TIMEOUT: '60000' });
    const port = await fleet.ready();
    const metricsPort = await fleet.port('metrics and probes on ');
    const metrics = async () => new Exposition(await get(metricsPort, '/metrics'));
    const pids = async () => (await evenkeelJson(t, 'status', '--name', name)).workers.map(({ pid }) => pid);
    const before = await pids();
    assert.equal(before.length, WORKERS);

    await t.test('under load: every worker is replaced, and no request is lost', async (t) => {
      fleet.deploy();
      await losesNothing(port, async () => {
        const said = await evenkeelJson(t, 'reload', '--name', name);
        assert.deepEqual(said, { generation: 2, workers: WORKERS });
        assert.equal((await answerAt(port)).version, 2);
      });
      const after = await pids();
      assert.equal(after.length, WORKERS);
      assert.deepEqual(
        after.filter((pid) => before.includes(pid)),
        [],
      );
      assert.doesNotMatch(fleet.stdout, / killed/);
    });

    await t.test('under load, to code that crashes: it is said why, and the old workers go on', async (t) => {
      const old = await pids();
      fleet.deploy('crashes');
      await losesNothing(port, async () => {
        const { code, stdout, stderr } = await evenkeel(t, 'reload', '--name', name);
        assert.deepEqual([code, stdout], [1, '']);
        assert.match(stderr, /ended before it was ready: .*; 0 of 2 workers were replaced, 2 old ones go on/);
        assert.match(stderr, /\[ERR_RELOAD_FAILED\]/);
        assert.equal((await answerAt(port)).version, 2);
      });
      assert.deepEqual(await pids(), old);
      const seen = await metrics();
      assert.equal(seen.value('evenkeel_reloads_total', { result: 'success' }), 1);
      assert.equal(seen.value('evenkeel_reloads_total', { result: 'failure' }), 1);
    });

    await t.test('who is idle is told with the next answer, and not cut off', async (t) => {
      const agents = Array.from({ length: 6 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
      const firsts = await Promise.all(agents.map((agent) => answerAt(port, agent)));
      fleet.deploy();
      const reloaded = evenkeelJson(t, 'reload', '--name', name);
      await eventually(async () => (await metrics()).value('evenkeel_workers', { state: 'draining' }) > 0);
      await Promise.all(
        agents.map(async (agent, i) => {
          for (let connection; connection !== 'close'; ) {
            const answer = await answerAt(port, agent);
            assert.deepEqual([answer.reused, answer.pid], [true, firsts[i].pid]);
            connection = answer.connection;
          }
          await eventually(async () => (await answerAt(port, agent)).version === 4);
          agent.destroy();
        }),
      );
      assert.equal((await reloaded).workers, WORKERS);
    });

    const { code, stdout } = await evenkeel(t, 'stop', '--name', name);
    assert.deepEqual([code, stdout], [0, `stopped ${name}\n`]);
    assert.deepEqual(await fleet.exited, { code: 0, signal: null });
  });
}
