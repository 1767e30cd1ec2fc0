import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { Reloadable } from '../helpers/reloadable.ts';
import { get } from '../helpers/requests.ts';

const HELLO = fixture('http-hello.mjs');

/** What HAProxy would be told. */
async function check(port: number): Promise<string> {
  let text = '';
  for await (const chunk of net.connect(port, '127.0.0.1').setEncoding('utf8')) text += chunk;
  return text;
}

test('down until a worker is ready, then a weight, and nobody there when the fleet has ended', async () => {
  await using fleet = new Reloadable(
    ['-w', '1', '--wait-ready', '--agent-check', '0'],
    {},
    { mode: 'waits' },
  );
  const port = await fleet.agentPort();
  expect(await check(port)).toBe('down # none of 1 workers is ready\n');
  await fleet.logged(({ msg }) => msg.startsWith('listening on '));
  expect(await check(port)).toBe('down # none of 1 workers is ready\n');
  execFileSync('touch', [`${fleet.file}.go`]);
  await fleet.ready();
  expect(await check(port)).toMatch(/^ready up \d+%\n$/);
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  await expect(check(port)).rejects.toThrow('ECONNREFUSED');
});

test('drain from the SIGTERM on, while the fleet serves on', async () => {
  await using fleet = new Fleet([HELLO, '-w', '2', '--agent-check', '0', '--pre-stop-delay', '3000']);
  const port = await fleet.ready();
  const agentPort = await fleet.agentPort();
  expect(await check(agentPort)).toMatch(/^ready up \d+%\n$/);
  fleet.process.kill('SIGTERM');
  await fleet.logged(({ msg }) => msg === 'SIGTERM: draining in 3000 ms');
  expect(await check(agentPort)).toBe('drain\n');
  expect(JSON.parse(await get(port))).toHaveProperty('pid');
  expect(await check(agentPort)).toBe('drain\n');
  expect(await fleet.exited).toEqual({ code: 0, signal: null });
});

test('a port in use: exit status 1 with the reason, and nothing runs', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => {
    taken.close();
  });
  const { port } = taken.address() as net.AddressInfo;
  await using fleet = new Fleet([HELLO, '-w', '1', '--agent-check', String(port), '--', `agent-${port}`]);
  expect(await fleet.exited).toEqual({ code: 1, signal: null });
  expect(fleet.stderr).toMatch(/cannot serve the agent check: .*EADDRINUSE.*\[EADDRINUSE\]/);
  expect(() => execFileSync('pgrep', ['-f', `agent-${port}`])).toThrow(); // none
});

test('a wrong address: exit status 2, with what would be right', async () => {
  await using fleet = new Fleet([HELLO, '--agent-check', 'everywhere']);
  expect(await fleet.exited).toEqual({ code: 2, signal: null });
  expect(fleet.stderr).toMatch(/agentCheck must be a port .* not 'everywhere'/);
});
