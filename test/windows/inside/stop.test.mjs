import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { ask, Fleet, get, LIMIT, Program } from '../fleet.mjs';

const ANSWERS = 'test/windows/fixtures/answers.mjs';
const IN_FLIGHT = 12;

const LIBRARY = `
  import { once } from 'node:events';
  import { start } from 'evenkeel';
  const [strategy] = process.argv.slice(1);
  const fleet = await start({
    exec: '${ANSWERS}',
    workers: 2,
    strategy,
    execArgv: [],
    listenTimeout: ${LIMIT},
  });
  console.log('port ' + fleet.status().listeners[0].port);
  await once(process, 'message');
  await fleet.stop();
  console.log('stopped');
`;

/** Requests that are inside the fleet's workers, and clients that ask on a connection, again and again, until they
 * are told that it ends. */
async function inFlight(program, port) {
  const clients = Array.from({ length: IN_FLIGHT }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  await Promise.all(clients.map((agent) => ask(port, '/', { agent })));
  const slow = clients.map((_, i) => get(port, `/slow/${i}`));
  for (let i = 0; i < slow.length; i++) {
    await program.found((lines) => lines.find((line) => line.startsWith(`begun ${i} `)));
  }
  return [...slow, ...clients.map((agent) => untilClosed(port, agent))];
}

async function untilClosed(port, agent) {
  for (let connection; connection !== 'close'; ) {
    const { response } = await ask(port, '/', { agent });
    connection = response.headers.connection;
  }
  agent.destroy();
}

for (const strategy of ['hand-off', 'shared-handle']) {
  test(`stop() of the library, ${strategy}: who is inside is answered, and nothing keeps the process`, async (t) => {
    const program = new Program(t, ['--input-type=module', '-e', LIBRARY, strategy]);
    const port = await program.found((lines) => lines.find((line) => line.startsWith('port '))?.slice(5));
    const asked = await inFlight(program, port);
    program.process.send('stop');
    await Promise.all(asked);
    await program.found((lines) => lines.includes('stopped') || undefined);
    assert.deepEqual(await program.exited, { code: 0, signal: null });
  });
}

test("the CLI, told 'shutdown' on its IPC channel: the same", async (t) => {
  const fleet = new Fleet(t, [ANSWERS, '-w', '2']);
  const asked = await inFlight(fleet, await fleet.ready());
  fleet.process.send('shutdown');
  await Promise.all(asked);
  assert.deepEqual(await fleet.exited, { code: 0, signal: null });
});
