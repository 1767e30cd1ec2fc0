import net from 'node:net';
import path from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { patiently } from '../../dist/cli/patience.js';
import { ControlClient } from '../../dist/control/client.js';
import { prepareDirectory, socketPath } from '../../dist/control/path.js';
import { isolate, makeFleet, serve } from '../control/helpers.ts';
import { eventually } from '../helpers/requests.ts';

const INTERVAL = 50;

const place = isolate();
prepareDirectory(path.join(place.folder, 'evenkeel'), process.geteuid?.() ?? 0);
afterAll(() => place.remove());

async function connect(name: string): Promise<ControlClient> {
  const client = await ControlClient.connect(name);
  onTestFinished(() => client.close());
  return client;
}

test('a fleet that answers nothing at all: said once, and waited for', async () => {
  const connections: net.Socket[] = [];
  const mute = net.createServer((socket) => connections.push(socket)).listen(socketPath('mute'));
  onTestFinished(() => void mute.close());
  const said: string[] = [];
  const client = await connect('mute');
  const answer = patiently(client, { command: 'reload' }, 'the reload', (text) => said.push(text), INTERVAL);
  await eventually(() => said.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 3 * INTERVAL)); // time must pass: it is not to be said again
  expect(said).toEqual([
    "still waiting for the reload: the fleet 'mute' did not answer within 50 ms: its primary is stopped, or busy",
  ]);
  expect(connections).toHaveLength(2);
  connections[0]?.write('{"v":1,"id":1,"result":{"generation":2}}\n');
  expect(await answer).toEqual({ generation: 2 });
});

test('one that takes its time, and answers others meanwhile: nothing is said', async () => {
  let asked = 0;
  let finish = (): void => {};
  const fleet = makeFleet({ reload: () => new Promise<void>((resolve) => (finish = resolve)) });
  const { status } = fleet;
  const server = await serve(
    {
      ...fleet,
      status: () => {
        asked++;
        return status();
      },
    },
    'slow',
  );
  onTestFinished(() => server.close());
  const said: string[] = [];
  const answer = patiently(
    await connect('slow'),
    { command: 'reload' },
    'the reload',
    (text) => said.push(text),
    INTERVAL,
  );
  await eventually(() => asked >= 3);
  finish();
  expect(await answer).toMatchObject({ generation: 1 });
  expect(said).toEqual([]);
});
