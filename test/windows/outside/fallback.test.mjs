import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fleet, get } from '../fleet.mjs';

test('clients of this machine are served by every worker in Wine', async (t) => {
  const fleet = new Fleet(t, ['test/fixtures/http-hello.mjs', '-w', '2']);
  const port = await fleet.ready();
  const answers = await Promise.all(Array.from({ length: 20 }, () => get(port)));
  assert.equal(new Set(answers).size, 2);
});
