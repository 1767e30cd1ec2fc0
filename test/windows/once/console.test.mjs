import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { compile } from '../compile.mjs';
import { Fleet, fate, get } from '../fleet.mjs';

// What a console sends to every process in it.

/** More than in src/start.ts. */
const SAME_SIGNAL = 500;
const ARGS = ['test/windows/fixtures/answers.mjs', '-w', '2', '--kill-timeout', '60000'];

for (const [name, key] of [
  ['Ctrl+C', 'c'],
  ['Ctrl+Break', 'b'],
]) {
  test(`${name}: the primary drains, a request in flight is answered, and nobody dies of it`, async (t) => {
    const fleet = new Fleet(t, ARGS, {}, compile(t, 'console'));
    const port = await fleet.ready();
    const slow = fate(get(port, '/slow/1'));
    await fleet.printed(/^begun 1 /);
    fleet.press(key);
    assert.deepEqual(await slow, { text: 'slow' });
    assert.deepEqual(await fleet.exited, { code: 0, signal: null });
    assert.doesNotMatch(fleet.stdout, / died: /);
  });
}

test('a second Ctrl+C ends what does not end by itself', async (t) => {
  const fleet = new Fleet(t, ARGS, {}, compile(t, 'console'));
  const port = await fleet.ready();
  const blocked = fate(get(port, '/block/60000'));
  await fleet.printed(/^blocked /);
  fleet.press('c');
  await fleet.logged(({ msg }) => msg === 'SIGINT: draining');
  await setTimeout(SAME_SIGNAL); // before that it would be the first one, come twice
  fleet.press('c');
  await fleet.logged(({ msg }) => msg === 'SIGINT again: killing the workers');
  await fleet.exited;
  assert.ok((await blocked).failed);
});
