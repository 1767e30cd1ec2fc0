import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMIT, Program } from '../fleet.mjs';

const SLOW_STOP = `
  import http from 'node:http';
  import { start } from 'evenkeel';
  const said = [];
  const say = (_, message) => said.push(message);
  const fleet = await start({
    exec: 'test/fixtures/http-late.mjs',
    workers: 2,
    execArgv: [],
    listenTimeout: ${LIMIT},
    log: { debug() {}, info() {}, warn: say, error: say },
  });
  const [{ port }] = fleet.status().listeners;
  const request = http.get({ port, host: '127.0.0.1', agent: false });
  request.on('response', (response) => {
    response.on('data', (data) => console.log(String(data))).on('end', () => console.log('ended'));
  });
  await new Promise((begun) => request.on('socket', (socket) => socket.once('connect', begun)));
  await new Promise((settled) => setTimeout(settled, 200));
  await fleet.stop();
  console.log('said ' + JSON.stringify(said));
  process.exit();
`;

test('a stop that waits for a request: nothing looks at the listening socket any more', async (t) => {
  const program = new Program(t, ['--input-type=module', '-e', SLOW_STOP]);
  await program.found((lines) => lines.includes('late') || undefined);
  const said = await program.found((lines) => lines.find((line) => line.startsWith('said ')));
  assert.equal(said, 'said []');
});
