import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ownListening, parseLine } from '../../dist/primary/own-listening.js';
import { format, lookInto } from '../../dist/primary/stack-of.js';
import { NODE } from '../helpers/fleet.ts';
import { stop } from '../helpers/processes.ts';
import { eventually } from '../helpers/requests.ts';

describe('a line of /proc/net/tcp', () => {
  const line = (local: string, state = '0A') =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0`;

  test.each([
    ['0100007F:240D', '127.0.0.1', 9229],
    ['00000000:1F90', '127.0.0.1', 8080],
    ['0A01A8C0:0050', '192.168.1.10', 80],
    ['00000000000000000000000000000000:1F90', '::1', 8080],
    ['00000000000000000000000001000000:240D', '0000:0000:0000:0000:0000:0000:0000:0001', 9229],
  ])('%s is %s, port %d', (local, host, port) => {
    expect(parseLine(line(local))).toEqual({ host, port, state: '0A', inode: '4711' });
  });

  test('its heading is none', () => {
    expect(parseLine('  sl  local_address rem_address   st tx_queue rx_queue tr')).toBeUndefined();
    expect(parseLine('')).toBeUndefined();
  });
});

test('a stack looks as that of an Error', () => {
  const frame = (functionName: string, url: string, line: number, column: number) => ({
    functionName,
    url,
    line,
    column,
  });
  expect(
    format([
      frame('spin', 'file:///srv/my%20app/server.mjs', 10, 3),
      frame('', 'file:///srv/server.cjs', 1, 1),
      frame('emit', 'node:events', 517, 28),
      frame('evaluated', '', 1, 5),
    ]),
  ).toBe(
    [
      '    at spin (/srv/my app/server.mjs:10:3)',
      '    at /srv/server.cjs:1:1',
      '    at emit (node:events:517:28)',
      '    at evaluated (<anonymous>:1:5)',
    ].join('\n'),
  );
  const deep = Array.from({ length: 100 }, () => frame('deeper', 'file:///a.js', 1, 1));
  expect(format(deep).split('\n')).toHaveLength(31);
  expect(format(deep)).toMatch(/\n {4}… 70 more$/);
});

/** A process of Node's that runs `script`, once it has said something. */
async function node(script: string, args: string[] = []) {
  const child = spawn(NODE, [...args, '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { pid: child.pid as number, line: String(line), child };
}

const SPINS = `process.debugPort = 0; function spinning() { for (;;); } console.log('spins'); setTimeout(spinning, 10);`;

describe('a look into a process', () => {
  test('that spins: its stack; then it goes on, and a second look finds the same', async () => {
    const { pid } = await node(SPINS);
    const look = await lookInto(pid, 5000);
    expect(look).toMatchObject({ stack: expect.stringMatching(/^ {4}at spinning \(/), isDebugged: false });
    look.end();
    await eventually(async () => {
      const again = await lookInto(pid, 5000); // for a moment the first one still looks like somebody's debugger
      again.end();
      return again.stack === look.stack;
    });
  });

  test('that handles SIGUSR1 by itself: why there is none, within the limit', async () => {
    const { pid } = await node(`process.on('SIGUSR1', () => {}); ${SPINS}`);
    const begun = performance.now();
    expect(await lookInto(pid, 500)).toMatchObject({
      why: 'its inspector did not start: it is in native code, or its application handles SIGUSR1',
      isDebugged: false,
    });
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  test('that is stopped', async () => {
    const { pid } = await node(SPINS);
    await stop(pid);
    expect(await lookInto(pid, 500)).toMatchObject({ why: 'it was stopped by a signal', isDebugged: false });
  });

  test('that somebody debugs: nothing is done to it', async () => {
    const { WebSocket } = await import('ws');
    const script = `
      const inspector = require('node:inspector');
      inspector.open(0, '127.0.0.1');
      console.log(inspector.url());
      setInterval(() => {}, 1000);`;
    const { pid, line } = await node(script);
    const debuggers = new WebSocket(line);
    onTestFinished(() => debuggers.terminate());
    await once(debuggers, 'open');
    expect(await lookInto(pid, 5000)).toMatchObject({ why: 'somebody debugs it', isDebugged: true });
  });

  test('that is gone', async () => {
    const { pid, child } = await node(`console.log('ends')`);
    if (child.exitCode === null) await once(child, 'exit');
    expect(await lookInto(pid, 500)).toMatchObject({
      why: expect.stringContaining('/proc'),
      isDebugged: false,
    });
  });
});

test('what a process listens on, and not what it shares with this one', async () => {
  const shared = net.createServer().listen(0, '127.0.0.1');
  onTestFinished(() => {
    shared.close();
  });
  await once(shared, 'listening');
  const script = `
    require('node:net').createServer().listen({ fd: 3 });
    const own = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(own.address().port));`;
  const child = spawn(NODE, ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit', (shared as unknown as { _handle: { fd: number } })._handle.fd],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [port] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
  const found = await ownListening(child.pid as number);
  expect(found.map(({ host, port: at }) => `${host}:${at}`)).toEqual([`127.0.0.1:${port}`]);
});
