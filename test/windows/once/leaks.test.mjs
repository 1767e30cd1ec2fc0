import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlledFleet, eventually, get } from '../fleet.mjs';

const CONNECTIONS = 5000;
const AT_ONCE = 50;
const WORKERS = 2;

async function connect(port, count) {
  for (let done = 0; done < count; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => get(port)));
  }
}

/** Open handles of the primary and of its workers, by pid. */
async function handles(fleet, port) {
  const found = { primary: await fleet.ask('handles') };
  await eventually(async () => {
    const { pid, handles } = JSON.parse(await get(port, '/handles'));
    found[pid] = handles;
    return Object.keys(found).length === 1 + WORKERS;
  });
  return found;
}

/** Node's threads and libuv's come and go a few; a leak is in the thousands. */
const FEW = 40;

for (const [strategy, policy] of [
  ['hand-off', 'least-connections'],
  ['shared-handle', 'least-connections'],
]) {
  test(`${CONNECTIONS} connections by ${strategy}, ${policy}: no handle of them stays open`, async (t) => {
    const args = ['test/windows/fixtures/answers.mjs', '-w', `${WORKERS}`, '-s', strategy, '-p', policy];
    const fleet = new ControlledFleet(t, args);
    const port = await fleet.ready();
    await connect(port, 500); // what is opened once and kept is open now
    const before = await handles(fleet, port);
    await connect(port, CONNECTIONS);
    let after;
    const more = () => Object.entries(after).map(([who, count]) => count - before[who]);
    await eventually(async () => {
      after = await handles(fleet, port);
      return more().every((count) => count < FEW);
    }).catch(() => {});
    t.diagnostic(`handles before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
    assert.deepEqual(
      more().filter((count) => count >= FEW),
      [],
    );
  });
}
