import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { Launched } from '../../dist/takeover/launched.js';
import { listen } from '../helpers/native.ts';
import { openDescriptors, parentOf } from '../helpers/processes.ts';
import { eventually, isRunning } from '../helpers/requests.ts';

/** A program that says what `script` does on its descriptor 3. */
async function launch(
  script: string,
  fds: number[] = [],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Launched> {
  const say = `const net = require('node:net'); const end = new net.Socket({ fd: 3 });
    const say = (what) => end.write(JSON.stringify(what));`;
  const command = { file: process.execPath, args: ['-e', `${say}\n${script}`], cwd: '/' };
  const launched = await Launched.begin(command, env, fds);
  launched.stream.on('error', () => {}); // it may end with something unread
  onTestFinished(() => launched.end(0, 0));
  return launched;
}

async function said(launched: Launched): Promise<unknown> {
  const [data] = await once(launched.stream, 'data');
  return JSON.parse(String(data));
}

test('it has its descriptors, its environment and directory, and is another process', async () => {
  const socket = listen();
  const script = `say([process.cwd(), process.env.MINE, process.env.NODE_CHANNEL_FD, require('fs').fstatSync(4).isSocket()])`;
  const before = openDescriptors(process.pid);
  const launched = await launch(script, [socket.fd()], { ...process.env, MINE: 'yes' });
  expect(await said(launched)).toEqual(['/', 'yes', null, true]);
  expect(await launched.pid).not.toBe(process.pid);
  await launched.end(0, 1000);
  await eventually(() => openDescriptors(process.pid) <= before);
});

test('NODE_OPTIONS is for it alone', async () => {
  const env = { ...process.env, NODE_OPTIONS: '--title=mine' };
  expect(await said(await launch('say([process.title, process.env.NODE_OPTIONS])', [], env))).toEqual([
    'mine',
    '--title=mine',
  ]);
});

test('let go, it runs on, and its parent is one that waits for orphans', async () => {
  const launched = await launch('say(1)');
  const pid = await launched.pid;
  await said(launched);
  const launcher = parentOf(pid);
  expect(parentOf(launcher)).toBe(process.pid);
  await launched.letGo();
  expect(isRunning(launcher)).toBe(false);
  expect(parentOf(pid)).not.toBe(launcher);
  launched.stream.write('ping');
  expect(isRunning(pid)).toBe(true);
  await launched.end(0, 1000);
  await eventually(() => launched.stream.closed);
});

test.each([
  ['process.exit(3)', 'exit code 3'],
  [`process.kill(process.pid, 'SIGKILL')`, 'SIGKILL'],
])('%s: %s', async (script, how) => expect(await (await launch(script)).ended).toBe(how));

test('its end of the channel is closed when it closes it, though it lives', async () => {
  const launched = await launch('end.destroy(); setInterval(() => {}, 1000)');
  launched.stream.resume();
  await once(launched.stream, 'end');
  expect(isRunning(await launched.pid)).toBe(true);
});

test('what ignores SIGTERM is killed', async () => {
  const launched = await launch(`process.on('SIGTERM', () => say('no')); say('here')`);
  await said(launched);
  await launched.end(0, 50);
  expect(await launched.ended).toBe('SIGKILL');
});

test('what ends by itself in time is not sent a signal', async () => {
  const launched = await launch(
    `process.on('SIGTERM', () => process.exit(1)); end.unref(); setTimeout(() => {}, 100)`,
  );
  await launched.end(5000, 5000);
  expect(await launched.ended).toBe('exit code 0');
});

test('a program that is not there', async () => {
  const launched = await Launched.begin({ file: '/nowhere/node', args: [], cwd: '/' }, {}, []);
  await expect(launched.pid).rejects.toThrow('spawn /nowhere/node ENOENT');
  await launched.end(0, 0);
});
