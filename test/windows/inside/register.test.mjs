import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Program } from '../fleet.mjs';

const APP = ['--import', './dist/register.js', 'test/windows/fixtures/clusters.mjs'];

for (const strategy of ['hand-off', 'shared-handle']) {
  test(`register, ${strategy}: an application of node:cluster; who is disconnected ends, the other serves`, async (t) => {
    const program = new Program(t, APP, { EVENKEEL_STRATEGY: strategy });
    const said = await program.found((lines) => lines[0]);
    assert.deepEqual(JSON.parse(said), {
      codes: [
        [0, null],
        [0, null],
      ],
      evenkeel: true,
    });
    assert.deepEqual(await program.exited, { code: 0, signal: null });
    assert.equal(program.stderr, '');
  });
}
