import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { eventually, Fleet } from '../fleet.mjs';

/** A client that keeps its connection: what it was told first. */
async function client(t, port) {
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  const told = await Promise.race([
    once(socket, 'data').then(String),
    once(socket, 'close').then(() => 'dropped'),
  ]);
  return { socket, told };
}

for (const policy of ['round-robin', 'least-connections']) {
  test(`one connection a worker, hand-off, ${policy}: dropped, and said, when all are full and not before`, async (t) => {
    const args = ['test/fixtures/max-connections.mjs', '-w', '3', '-s', 'hand-off', '-p', policy];
    const fleet = new Fleet(t, args);
    const port = await fleet.ready();
    const drops = () => fleet.stdout.match(/^drop /gm)?.length ?? 0;
    const kept = [];
    for (let i = 0; i < 3; i++) kept.push(await client(t, port));
    const tolds = new Set(kept.map(({ told }) => told));
    assert.equal(tolds.size, 3, [...tolds].join());
    for (const told of tolds) assert.match(told, /^kept \d+$/);
    assert.equal(drops(), 0);
    assert.equal((await client(t, port)).told, 'dropped');
    await fleet.printed(/^drop \d+$/);
    assert.equal(drops(), 1);
    // Who leaves makes room for another, in his place: full workers return it to the primary.
    const [{ socket, told }] = kept;
    socket.destroy();
    await eventually(async () => {
      const next = await client(t, port);
      if (next.told !== 'dropped') assert.equal(next.told, told);
      return next.told !== 'dropped';
    });
  });
}
