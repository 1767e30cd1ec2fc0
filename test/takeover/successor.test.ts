import { expect, test } from 'vitest';
import { VERSION } from '../../dist/takeover/manifest.js';
import { Successor } from '../../dist/takeover/successor.js';
import { parentOf, stop } from '../helpers/processes.ts';
import { eventually, isRunning } from '../helpers/requests.ts';

const manifest = {
  v: VERSION,
  pid: process.pid,
  name: 'old',
  strategy: 'hand-off',
  generation: 2,
  workers: null,
  listeners: [],
  inherited: 0,
} as const;

/** A program that has the manifest, as `said`, and goes on as `script` says. */
async function begin(script: string): Promise<Successor> {
  const program = `const net = require('node:net'); const end = new net.Socket({ fd: 3 });
    const say = (what) => end.write(JSON.stringify(what) + '\\n');
    const hear = (then) => end.once('data', (data) => then(JSON.parse(data)));
    hear((said) => { ${script} });`;
  const command = { file: process.execPath, args: ['-e', program], cwd: '/' };
  return Successor.begin({ command, env: process.env, manifest: { ...manifest, listeners: [] }, fds: [] });
}

const failed = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_UPGRADE_FAILED', message: expect.stringMatching(message) });
const LIMIT = 20_000;

test('ready, released, serving: it lives on', async () => {
  const successor = await begin(`
    if (said.takeover.name !== 'old') process.exit(7);
    say({ ready: { workers: 3 } });
    hear(({ released }) => { if (released) say({ serving: true }); });`);
  const pid = await successor.started();
  expect(await successor.ready(LIMIT)).toEqual({ workers: 3 });
  await successor.release();
  await eventually(() => !isRunning(pid)); // the channel was all that kept it
});

test.each([
  [
    'says why not',
    `say({ failed: { code: 'EADDRINUSE', message: 'no port' } })`,
    /says: no port \[EADDRINUSE\]; this one goes on/,
  ],
  ['ends', 'process.exit(3)', /ended before it was ready: exit code 3; this one goes on/],
  ['closes the channel', 'end.destroy(); setInterval(() => {}, 1000)', /does not want the sockets/],
  [
    'says what is no message',
    'setInterval(() => {}, 1000); end.write("what?\\n")',
    /does not want the sockets/,
  ],
])('who %s is not ready, and is gone after abort()', async (_name, script, why) => {
  const successor = await begin(script);
  const pid = await successor.started();
  await expect(successor.ready(LIMIT)).rejects.toEqual(failed(why));
  await successor.abort('no', 1000);
  expect(isRunning(pid)).toBe(false);
});

test('how it ended is waited for, late as that is said', async () => {
  const successor = await begin('');
  const pid = await successor.started();
  const why = successor.ready(LIMIT).catch(({ message }: Error) => message);
  const launcher = parentOf(pid);
  await stop(launcher);
  process.kill(pid, 'SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 1000)); // twice what is given to who closes the channel alone
  process.kill(launcher, 'SIGCONT');
  expect(await why).toMatch(/ended before it was ready: SIGKILL/);
  await successor.abort('no', 1000);
});

test('who says nothing has not for ever; who ignores what it is told, is killed', async () => {
  const successor = await begin(`process.on('SIGTERM', () => {})`);
  const pid = await successor.started();
  await expect(successor.ready(100)).rejects.toEqual(failed(/was not ready within 100 ms/));
  await successor.abort('too late', 100);
  expect(isRunning(pid)).toBe(false);
});

test('who says it is ready, and ends: at the latest its release fails', async () => {
  const successor = await begin(`say({ ready: { workers: 1 } }); end.end(() => process.exit())`);
  const released = successor.ready(LIMIT).then(() => successor.release());
  await expect(released).rejects.toEqual(failed(/ended as soon as it/));
});

test('who ends when it has the sockets: its release fails', async () => {
  const successor = await begin(`say({ ready: { workers: 1 } }); hear(() => process.exit())`);
  await successor.ready(LIMIT);
  await expect(successor.release()).rejects.toEqual(failed(/ended as soon as it had the sockets/));
});

test('cancelled, it fails with that', async () => {
  const successor = await begin('setInterval(() => {}, 1000)');
  successor.cancel(new Error('the fleet stops'));
  await expect(successor.ready(LIMIT)).rejects.toThrow('the fleet stops');
  await successor.abort('the fleet stops', 1000);
});
