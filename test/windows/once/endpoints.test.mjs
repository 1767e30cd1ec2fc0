import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { Exposition } from '../../../build-windows/tests/exposition.mjs';
import { ask, evenkeel, get, Reloadable } from '../fleet.mjs';

/** What HAProxy would be told. */
async function check(port) {
  return (await net.connect(port, '127.0.0.1').setEncoding('utf8').toArray()).join('');
}

test('probes, metrics and the agent check: before, while and after the fleet serves', async (t) => {
  const args = ['-w', '2', '--wait-ready', '--name', 'endpoints', '--metrics', '0', '--agent-check', '0'];
  const fleet = new Reloadable(t, args, 'waits');
  const metricsPort = await fleet.port('metrics and probes on ');
  const agentPort = await fleet.port('agent check on ');
  const { msg } = await fleet.logged(({ msg }) => msg.startsWith('agent check on '));
  assert.match(msg, /; weights by the machine's idle time alone$/);
  const probe = async (path) => (await ask(metricsPort, path)).response.statusCode;

  const port = await fleet.port('listening on ');
  assert.deepEqual([await probe('/livez'), await probe('/readyz')], [200, 503]);
  assert.equal(await check(agentPort), 'down # none of 2 workers is ready\n');

  fleet.go();
  await fleet.ready();
  assert.deepEqual([await probe('/livez'), await probe('/readyz')], [200, 200]);
  assert.match(await check(agentPort), /^ready up \d+%\n$/);
  for (let i = 0; i < 10; i++) await get(port);
  const seen = new Exposition(await get(metricsPort, '/metrics'));
  assert.equal(seen.value('evenkeel_workers', { state: 'ready' }), 2);
  assert.equal(seen.sum('evenkeel_connections_total'), 10);
  assert.equal(seen.value('evenkeel_worker_start_duration_seconds_count'), 2);
  // What the system does not say of others it says of the process itself.
  assert.ok(seen.value('evenkeel_primary_process_resident_memory_bytes') > 1e6);

  assert.equal((await evenkeel(t, 'stop', '--name', 'endpoints')).code, 0);
  await fleet.exited;
  for (const one of [metricsPort, agentPort, port]) await assert.rejects(get(one), { code: 'ECONNREFUSED' });
});
