import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { ControlClient } from '../../dist/control/client.js';
import { socketPath } from '../../dist/control/path.js';
import { NODE } from '../helpers/fleet.ts';
import { eventually, isStopped } from '../helpers/requests.ts';
import { isolate, makeFleet, serve } from './helpers.ts';

const place = isolate();
const directory = path.join(place.folder, 'evenkeel');
afterAll(() => place.remove());

async function open(name: string, fleet = makeFleet()): Promise<void> {
  const server = await serve(fleet, name);
  onTestFinished(() => server.close());
}

async function connect(name?: string): Promise<ControlClient> {
  const client = await ControlClient.connect(name);
  onTestFinished(() => client.close());
  return client;
}

test('no fleet: where it was looked for', async () => {
  await expect(connect()).rejects.toMatchObject({
    code: 'ERR_NO_FLEET',
    message: `no fleet runs (looked for ${directory})`,
  });
  await expect(connect('api')).rejects.toMatchObject({
    code: 'ERR_NO_FLEET',
    message: `no fleet named 'api' runs (looked for ${directory}/api.sock)`,
  });
});

test('the only one needs no name; of several one does, and another name says which there are', async () => {
  await open('one');
  expect((await connect()).name).toBe('one');
  await open('two');
  await expect(connect()).rejects.toMatchObject({
    code: 'ERR_SEVERAL_FLEETS',
    message: 'several fleets run: one, two. Say which one with --name.',
  });
  expect((await connect('two')).name).toBe('two');
  await expect(connect('three')).rejects.toMatchObject({
    code: 'ERR_NO_FLEET',
    message: expect.stringMatching(/; running: one, two$/),
  });
  await expect(connect('../two')).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
});

test('several requests on one connection; a refusal is the error it was there', async () => {
  await open('api');
  const client = await connect('api');
  const [status, scaled] = await Promise.all([
    client.request({ command: 'status' }),
    client.request({ command: 'scale', workers: 2 }),
  ]);
  expect(status).toMatchObject({ name: 'server', workers: [{ pid: 4711 }] });
  expect(scaled).toMatchObject({ workers: 2 });
  await expect(client.request({ command: 'metrics' })).rejects.toMatchObject({
    name: 'EvenkeelError',
    code: 'ERR_UNSUPPORTED',
  });
  expect(await client.request({ command: 'status' })).toBeDefined();
});

test('an answer that does not come in time, and a fleet that goes', async () => {
  await open('slow', makeFleet({ reload: () => new Promise(() => {}) }));
  const client = await connect('slow');
  await expect(client.request({ command: 'reload' }, 100)).rejects.toMatchObject({
    code: 'ERR_NO_ANSWER',
    message: expect.stringMatching(/'slow' did not answer within 100 ms/),
  });
  await expect(client.request({ command: 'status' })).rejects.toMatchObject({ code: 'ERR_NO_ANSWER' });

  const server = await serve(makeFleet(), 'goes');
  const other = await connect('goes');
  await other.request({ command: 'status' });
  server.close();
  await expect(other.request({ command: 'status' })).rejects.toThrow();
  expect(await other.isLive()).toBe(false);
});

test('a primary that is stopped, and many who wait for it: said so, and no EAGAIN', async () => {
  await open('real'); // makes the directory
  const where = socketPath('stopped');
  const script = `require('net').createServer().listen({ path: ${JSON.stringify(where)}, backlog: 1 }, () => console.log())`;
  const child = spawn(NODE, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  await eventually(() => isStopped(child.pid as number));
  for (let i = 0; i < 2; i++) await connect('stopped');
  await expect(connect('stopped')).rejects.toMatchObject({
    code: 'ERR_NO_ANSWER',
    message: "the fleet 'stopped' accepted no connection within 2000 ms: its primary is stopped, or busy",
  });
});

test('who answers and is no fleet is not believed', async () => {
  await open('real'); // makes the directory
  const fake = net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => fake.listen(socketPath('fake'), resolve));
  onTestFinished(() => void fake.close());
  const client = await connect('fake');
  await expect(client.request({ command: 'status' })).rejects.toMatchObject({ code: 'ERR_CONTROL_MESSAGE' });
});

test('a directory that is open to others is not looked into', async () => {
  await open('api');
  chmodSync(directory, 0o755);
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  await expect(connect('api')).rejects.toMatchObject({ code: 'ERR_CONTROL_DIRECTORY' });
});
