import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evenkeel, evenkeelJson, eventually, get, Reloadable } from '../fleet.mjs';
import { losesNothing } from '../load.mjs';

for (const strategy of ['hand-off', 'shared-handle']) {
  test(`--wait-ready, ${strategy}: a worker that has not said so gets nothing, though it listens`, async (t) => {
    const name = `waits-${strategy}`;
    const args = ['-w', '2', '-s', strategy, '--wait-ready', '--name', name];
    const fleet = new Reloadable(t, args, 'waits');
    const port = await fleet.port('listening on ');
    let isServed = false;
    const early = get(port).finally(() => {
      isServed = true;
    });
    const { workers } = await evenkeelJson(t, 'status', '--name', name);
    assert.deepEqual(
      workers.map(({ state }) => state),
      ['starting', 'starting'],
    );
    assert.equal(isServed, false);
    fleet.go();
    await fleet.ready();
    assert.equal(JSON.parse(await early).version, 1);
    fleet.deploy('waits');
    await losesNothing(port, async () => {
      assert.deepEqual(await evenkeelJson(t, 'reload', '--name', name), { generation: 2, workers: 2 });
    });
    assert.equal(JSON.parse(await get(port)).version, 2);
  });
}

test('--max-served: who has had his share is replaced, and no request is lost', async (t) => {
  const fleet = new Reloadable(t, ['-w', '2', '--max-served', '30']);
  const port = await fleet.ready();
  await losesNothing(port, async () => {
    await fleet.logged(({ limit }) => limit === 'maxServed');
    await eventually(() => fleet.stdout.match(/ is over maxServed: /g).length > 2);
  });
  assert.doesNotMatch(fleet.stdout, / killed| died: /);
});

for (const [flag, value] of [
  ['--max-memory', '512M'],
  ['--scale', '1..4'],
]) {
  test(`${flag} is refused: nothing here says what a process uses`, async (t) => {
    const { code, stderr } = await evenkeel(t, flag, value, 'test/fixtures/http-hello.mjs');
    assert.equal(code, 2);
    assert.match(
      stderr,
      /cannot be had here: what a process uses is read from \/proc, .*\[ERR_UNSUPPORTED\]/,
    );
  });
}
