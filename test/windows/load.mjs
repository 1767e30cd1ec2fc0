import assert from 'node:assert/strict';
import { keepAlive, NOTHING_LOST, newConnections, posts } from '../../build-windows/tests/load.mjs';
import { eventually } from './fleet.mjs';

/** Clients of each kind ask while `action` is done, and before and after it: all of them are answered. */
export async function losesNothing(port, action) {
  // So few come as a busy machine takes, too: in Wine libuv accepts one with each turn of a loop.
  const loads = { newConnections: newConnections(port, 10), gets: keepAlive(port, 4), posts: posts(port, 4) };
  const tallies = Object.values(loads).map(({ tally }) => tally);
  const begun = () => {
    const before = tallies.map(({ ok }) => ok);
    return eventually(() => tallies.every(({ ok }, i) => ok >= before[i] + 20));
  };
  try {
    await begun();
    await action();
    await begun();
  } finally {
    await Promise.all(Object.values(loads).map((load) => load.stop()));
  }
  for (const [kind, { tally }] of Object.entries(loads)) {
    const { ok, ...failed } = tally;
    assert.deepEqual(failed, NOTHING_LOST, kind);
    assert.ok(ok >= 40, kind);
  }
}
