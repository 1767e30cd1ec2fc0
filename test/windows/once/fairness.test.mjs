import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { Fleet } from '../fleet.mjs';

const WORKERS = 4;
const HELD = 100;
const ROUNDS = 5;

/** A connection, once its worker has said who it is. */
async function hold(port) {
  const socket = net.connect(port, '127.0.0.1');
  const [pid] = await once(socket.setEncoding('utf8'), 'data');
  return { socket, pid };
}

/** So many connections, always `atOnce` together. */
async function holdAll(port, atOnce) {
  const held = [];
  while (held.length < HELD) {
    held.push(...(await Promise.all(Array.from({ length: atOnce }, () => hold(port)))));
  }
  return held;
}

/** The most a worker has over the mean. */
function unevenness(held) {
  const counts = new Map();
  for (const { pid } of held) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  return Math.max(...counts.values()) / (held.length / WORKERS);
}

/** Several at once are less even by hand-off where processors are scarce: whoever does not get one for long is not
 * waited for. */
for (const [strategy, policy, limits] of [
  ['hand-off', 'least-connections', { 1: 1.05, 10: 1.5 }],
  ['hand-off', 'round-robin', { 1: 1.05, 10: 1.5 }],
  ['shared-handle', 'least-connections', { 1: 1.3, 10: 1.3 }],
]) {
  test(`${HELD} held connections over ${WORKERS} workers by ${strategy}, ${policy}`, async (t) => {
    const fleet = new Fleet(t, [
      'test/fixtures/tcp-pid.mjs',
      '-w',
      `${WORKERS}`,
      '-s',
      strategy,
      '-p',
      policy,
    ]);
    const port = await fleet.ready();
    for (const [atOnce, limit] of Object.entries(limits)) {
      // A machine that starves some of the processes leaves more to the others, as it should.
      const seen = [];
      for (let round = 0; round < ROUNDS && !(seen.at(-1) <= limit); round++) {
        const held = await holdAll(port, Number(atOnce));
        seen.push(unevenness(held));
        for (const { socket } of held) socket.destroy();
      }
      t.diagnostic(`${atOnce} at once: max/mean ${seen.join(', ')}`);
      assert.ok(seen.at(-1) <= limit);
    }
  });
}
