import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMIT, Program } from '../fleet.mjs';

const SCRIPT = `
  import { start } from 'evenkeel';
  const fleet = await start({
    exec: 'test/fixtures/http-hello.mjs',
    workers: 2,
    execArgv: [],
    listenTimeout: ${LIMIT},
  });
  console.log(fleet.status().workers.map(({ state }) => state).join());
  await fleet.stop();
  console.log('stopped');
`;

test('a fleet of the library: its workers are ready; they drain, and then nothing keeps the process', async (t) => {
  const program = new Program(t, ['--input-type=module', '-e', SCRIPT]);
  await program.found((lines) => lines.includes('ready,ready') || undefined);
  await program.found((lines) => lines.includes('stopped') || undefined);
  assert.deepEqual(await program.exited, { code: 0, signal: null });
});
