import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { compile } from '../compile.mjs';
import { Fleet, get, Program } from '../fleet.mjs';

const HELLO = 'test/fixtures/http-hello.mjs';

const LISTENS = `
  require('node:net').createServer()
    .on('error', ({ code }) => console.log(code))
    .listen(Number(process.env.PORT), process.env.HOST, () => console.log('listens'));`;

test('a port of a fleet is nobody else’s', async (t) => {
  const hijack = compile(t, 'hijack');
  // By any strategy: the socket is made in one place.
  const args = [HELLO, '-w', '1'];
  const fleet = new Fleet(t, args, { HOST: '0.0.0.0' });
  const port = await fleet.ready();
  const taken = { PORT: String(port), HOST: '0.0.0.0' };

  await t.test('a second fleet says EADDRINUSE, and ends', async (t) => {
    const second = new Fleet(t, args, taken);
    const { code } = await second.exited;
    assert.notEqual(code, 0);
    assert.match(second.stdout + second.stderr, /EADDRINUSE/);
  });

  await t.test("a server of Node's own is refused", async (t) => {
    const program = new Program(t, ['-e', LISTENS], taken);
    // libuv asks for the port plainly: to that one held exclusively says EACCES.
    const refused = (line) => line === 'EADDRINUSE' || line === 'EACCES';
    await program.found((lines) => lines.find(refused));
  });

  await t.test('so is who would share it by SO_REUSEADDR', () => {
    for (const host of ['0.0.0.0', '127.0.0.1']) {
      const { status } = spawnSync('wine', [hijack, host, String(port)], { stdio: 'ignore' });
      assert.equal(status, 1, host); // 0: it listens as well; 2: something else failed
    }
  });

  assert.ok(JSON.parse(await get(port)).pid);
});
