import { execFileSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { leavesNothingOpen } from '../helpers/descriptors.ts';
import { fixture, NODE } from '../helpers/fleet.ts';
import { GATE, keeper } from '../helpers/gatekeeper.ts';
import { addon, closing, connect, connections, listen, talk } from '../helpers/native.ts';
import { preloaded } from '../helpers/preload.ts';
import { eventually } from '../helpers/requests.ts';

const emulation = preloaded('native/tcp-info.c');

const { Bell, Gatekeeper, LoadTable, Watchdog } = addon;

const turn = () => new Promise((resolve) => setImmediate(resolve));
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

test('an open gate accepts, and counts what it took', async () => {
  const { socket, came, view, isOpen, shares } = keeper();
  const client = await connect(socket.address().port);
  await eventually(() => came.length === 1);
  expect([isOpen(), shares(), view.get(0, 'virtualTime')]).toEqual([true, true, 1]);
  await talk(client, came.pop() as number);
});

test('a worker that is ahead closes its gate, and opens it when the other is not responsive', async () => {
  const { socket, came, view, ahead, isOpen } = keeper();
  ahead(10);
  await eventually(() => !isOpen());
  await connections(3, socket.address().port);
  await turns(5);
  expect([came.length, socket.queueLength()]).toEqual([0, 3]);
  view.set(1, 'idle', 0); // stale at once: it never wrote a stamp
  await eventually(() => came.length === 3);
  expect(isOpen()).toBe(true);
});

test('an open gate decides nothing on turns that do not concern it; a closed one decides on each', async () => {
  const { socket, came, view, ahead, isOpen } = keeper();
  await turns(3);
  view.set(0, 'virtualTime', 4711); // a decision would write it
  await turns(5);
  expect(view.get(0, 'virtualTime')).toBe(4711);
  await connect(socket.address().port);
  await eventually(() => came.length === 1);
  await turns(2);
  expect(view.get(0, 'virtualTime')).toBe(1); // its own count, whatever was scribbled there

  ahead(10);
  await eventually(() => !isOpen());
  view.set(0, 'virtualTime', 4711);
  await turns(2);
  expect(view.get(0, 'virtualTime')).toBe(1);
});

test('rung, a closed gate takes one connection for each time', async () => {
  const { socket, came, ahead, isOpen, ring } = keeper();
  ahead(10);
  await eventually(() => !isOpen());
  await connections(3, socket.address().port);
  for (let times = 1; times <= 3; times++) {
    ring();
    await eventually(() => came.length === times);
    await turns(5);
    expect([came.length, socket.queueLength()]).toEqual([times, 3 - times]);
  }
});

test('a full server, rung, leaves the connection to those who share, and takes it when nobody does', async () => {
  const { socket, came, view, gates, shares, ring } = keeper();
  view.set(1, 'shares', 1 << GATE);
  view.set(1, 'idle', 1);
  gates.withdraw(GATE, true);
  expect(shares()).toBe(false);
  await turns(2);
  await connect(socket.address().port);
  ring();
  await turns(10);
  expect(came).toEqual([]);
  view.set(1, 'shares', ~(1 << GATE));
  ring();
  await eventually(() => came.length === 1);
});

test('a full server leaves the connection to one that does not answer for 100 ms, and not for ever', async () => {
  const { table, socket, came, view, gates, bell, errors } = keeper();
  view.set(1, 'shares', 1 << GATE);
  view.set(1, 'idle', 1); // and never heard of again
  gates.withdraw(GATE, true);
  await turns(2);
  const watchdog = closing(new Watchdog(table, socket, GATE, (error) => errors.push(error)));
  const deaf = new Bell();
  onTestFinished(() => deaf.close());
  watchdog.add(0, bell);
  watchdog.add(1, deaf);
  const start = performance.now();
  await connect(socket.address().port);
  await eventually(() => came.length === 1);
  expect(performance.now() - start).toBeGreaterThan(90);
  expect(errors).toEqual([]);
});

test('somebody scribbles "busy" over a worker that sleeps: the watchdog doubts it and rings all the same', async () => {
  const { table, socket, came, view, ahead, isOpen, bell, errors } = keeper();
  ahead(10);
  await eventually(() => !isOpen());
  view.set(0, 'idle', 0);
  closing(new Watchdog(table, socket, GATE, (error) => errors.push(error))).add(0, bell);
  await connections(2, socket.address().port);
  await eventually(() => came.length === 2);
  expect(errors).toEqual([]);
});

test.each([
  ['all', '', [0, 1, 2]],
  ["an int's worth, as under QEMU,", '4', [0, 1, 1]],
  ['nothing, as in gVisor,', '0', [0, 1, 1]],
])('the kernel fills in %s of TCP_INFO: the watchdog rings for who waits', (_name, bytes, lengths) => {
  const preload = [process.env.LD_PRELOAD, emulation()].filter(Boolean).join(':'); // a sanitizer comes first
  const env = { ...process.env, LD_PRELOAD: preload, TCP_INFO_BYTES: bytes };
  const seen = execFileSync(NODE, [fixture('native/watches.mjs')], { encoding: 'utf8', env });
  expect(JSON.parse(seen)).toEqual({ lengths, rung: true });
});

test('a gate closed in the midst of a connection, and the keeper stopped: nothing more comes', async () => {
  for (const end of ['close', 'stop'] as const) {
    const made = keeper({
      onConnection: () => (end === 'close' ? made.gates.close(GATE) : made.gates.stop()),
    });
    await connections(2, made.socket.address().port);
    await eventually(() => made.came.length === 1);
    await turns(5);
    expect([made.came.length, made.socket.queueLength(), made.shares(), made.isOpen()]).toEqual([
      1,
      1,
      false,
      false,
    ]);
    made.gates.close(GATE); // once more does no harm
    made.gates.stop();
  }
});

test('a number given back may be taken again', async () => {
  const { gates, socket, came } = keeper();
  gates.close(GATE);
  const again: number[] = [];
  gates.listen(socket.share(), GATE, (fd) => again.push(fd));
  onTestFinished(() => again.forEach(addon.closeFd));
  await connect(socket.address().port);
  await eventually(() => again.length === 1);
  expect(came).toEqual([]);
});

test('made and dropped, refused or stopped: no descriptor stays open', async () => {
  const table = new LoadTable({ slots: 1 });
  const socket = listen();
  const ignore = () => {};
  await leavesNothingOpen(50, async () => {
    const gates = new Gatekeeper(table, 0, new Bell().share(), ignore);
    gates.listen(socket.share(), 0, ignore);
    await turn();
    gates.listen(socket.share(), 31, ignore);
    expect(() => gates.listen(socket.share(), 31, ignore)).toThrow(RangeError);
    expect(() => gates.listen(socket.share(), 32, ignore)).toThrow(RangeError);
    expect(() => gates.listen(socket.share(), 1, undefined as never)).toThrow(TypeError);
    expect(() => new Gatekeeper(table, 1, new Bell().share(), ignore)).toThrow(RangeError);
    expect(() => new Gatekeeper({} as never, 0, new Bell().share(), ignore)).toThrow(TypeError);
    expect(() => new Watchdog(table, socket, 32, ignore)).toThrow(RangeError);
    gates.close(0);
    gates.stop();
  });
});
