import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evenkeel, evenkeelJson, Fleet, get } from '../fleet.mjs';

const HELLO = 'test/fixtures/http-hello.mjs';

test('through the control pipe: status, metrics, scale, stop', async (t) => {
  const fleet = new Fleet(t, ['-w', '2', '--name', 'shop', HELLO]);
  const port = await fleet.ready();
  for (let i = 0; i < 10; i++) await get(port);

  const status = await evenkeelJson(t, 'status', '--name', 'shop');
  const { name, strategy, size, queued, reloading, listeners, workers } = status;
  assert.deepEqual(
    { name, strategy, size, queued, reloading },
    { name: 'shop', strategy: 'hand-off', size: 2, queued: 0, reloading: false },
  );
  assert.deepEqual(
    listeners.map(({ port, protocol }) => ({ port, protocol })),
    [{ port, protocol: 'http' }],
  );
  assert.deepEqual(
    workers.map(({ state, generation, restarts }) => ({ state, generation, restarts })),
    Array.from({ length: 2 }, () => ({ state: 'ready', generation: 1, restarts: 0 })),
  );
  assert.equal(
    workers.reduce((sum, { accepted }) => sum + accepted, 0),
    10,
  );

  const told = await evenkeel(t, 'status', '--name', 'shop');
  assert.deepEqual([told.code, told.stderr], [0, '']);
  for (const { pid } of workers) assert.match(told.stdout, new RegExp(`^ *\\d+ +${pid} +1 {2}ready `, 'm'));

  const { stdout: metrics } = await evenkeel(t, 'metrics', '--name', 'shop');
  assert.match(metrics, /^evenkeel_workers\{state="ready"\} 2$/m);
  assert.match(metrics, /^evenkeel_primary_process_resident_memory_bytes \d+$/m);

  assert.deepEqual(await evenkeelJson(t, 'scale', '+2', '--name', 'shop'), { workers: 4, ready: 4 });
  assert.deepEqual(await evenkeelJson(t, 'scale', '1', '--name', 'shop'), { workers: 1, ready: 1 });
  assert.equal(new Set(await Promise.all(Array.from({ length: 10 }, () => get(port)))).size, 1);

  assert.deepEqual(await evenkeelJson(t, 'stop', '--name', 'shop'), { stopped: 'shop' });
  assert.deepEqual(await fleet.exited, { code: 0, signal: null });
  await assert.rejects(get(port), { code: 'ECONNREFUSED' });
  const gone = await evenkeel(t, 'status', '--name', 'shop');
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /no fleet named 'shop' runs .*\[ERR_NO_FLEET\]/);
});

test('names: of two fleets of one entry each has its own, and one that is taken is refused', async (t) => {
  const args = ['-w', '1', 'test/fixtures/tcp-hello.mjs'];
  const first = new Fleet(t, args);
  await first.ready();
  const [second, third] = [new Fleet(t, args), new Fleet(t, ['--name', 'tcp-hello', ...args])];
  assert.deepEqual(await third.exited, { code: 1, signal: null });
  assert.match(third.stderr, /a fleet named 'tcp-hello' runs already: .* \[ERR_NAME_TAKEN\]/);
  assert.equal(third.stdout, '');
  await second.ready();
  const { fleet: own } = await second.logged(({ msg }) =>
    msg.startsWith("a fleet named 'tcp-hello' runs already"),
  );
  assert.match(own, /^tcp-hello-\d+$/);
  assert.equal((await evenkeelJson(t, 'status', '--name', own)).pid, Number(own.slice('tcp-hello-'.length)));

  // Windows lists its pipes, Wine does not.
  const { code, stderr } = await evenkeel(t, 'stop');
  assert.equal(code, 2);
  const names = /several fleets run: (.*)\. Say which one/.exec(stderr)?.[1].split(', ');
  if (names === undefined) assert.match(stderr, /cannot be seen here .* with --name\. \[ERR_UNSUPPORTED\]/);
  else for (const name of ['tcp-hello', own]) assert.ok(names.includes(name), stderr);
});
