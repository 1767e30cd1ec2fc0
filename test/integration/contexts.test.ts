import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { beforeAll, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { Fleet, fixture, NODE } from '../helpers/fleet.ts';
import { eventually, get } from '../helpers/requests.ts';

// AsyncLocalStorage: a server's callbacks run in the same contexts as without a cluster.

type Contexts = Record<string, string>;

async function use(ports: string): Promise<void> {
  const [web, raw] = JSON.parse(ports.slice('ports '.length)) as [number, number];
  await get(web);
  const socket = net.connect(raw, '127.0.0.1', () => socket.write('x'));
  socket.resume();
  await once(socket, 'close');
}

const parse = (seen: string): Contexts => JSON.parse(seen.slice('seen '.length));

async function alone(): Promise<Contexts> {
  const child = spawn(NODE, [fixture('contexts.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const line = async (start: string): Promise<string> => {
    const find = () => lines.find((one) => one.startsWith(start));
    await eventually(() => find() !== undefined);
    return find() ?? '';
  };
  try {
    await use(await line('ports'));
    await line('pid');
    child.kill('SIGUSR2');
    return parse(await line('seen'));
  } finally {
    child.kill('SIGKILL');
  }
}

let expected: Contexts;

beforeAll(async () => {
  expected = await alone();
  expect(expected).toMatchObject({ connection: 'raw', 'web connection': 'web', request: 'web' });
});

const policies = ['round-robin', 'least-connections', 'source-hash'].map((policy) => ['hand-off', policy]);
const others = STRATEGIES.filter((name) => name !== 'hand-off').map((strategy) => [strategy, 'auto']);

test.each([...policies, ...others])('%s, %s: as in plain Node', async (strategy, policy) => {
  const args = [fixture('contexts.mjs'), '-w', '1', '-s', String(strategy), '-p', String(policy)];
  await using fleet = new Fleet(args);
  await use(await fleet.printed(/^ports/));
  const pid = Number((await fleet.printed(/^pid/)).slice('pid '.length));
  process.kill(pid, 'SIGUSR2');
  expect(parse(await fleet.printed(/^seen/))).toEqual(expected);
});
