// A process of its own: connections in an open loop, one request each, whatever became of those before.
// load.mjs <port> <seed> <rate> <seconds>; the records of all go to the parent.
import { now, sleep, watchLateness } from './clock.mjs';
import { Random } from './random.mjs';
import { request } from './request.mjs';

const [port, seed, rate, seconds] = process.argv.slice(2).map(Number);
const random = new Random(seed);
const records = [];
const MAKE_UP = 50;
const open = new Set();

function connect() {
  const done = request(port, '/').then((record) => {
    records.push(record);
    open.delete(done);
  });
  open.add(done);
}

/** `perSecond` connections a second at random moments (Poisson), `atOnce` together. */
async function phase(end, perSecond, atOnce) {
  let due = now();
  for (;;) {
    // Not made up for where the machine did not run us: that would be a storm of its own.
    due = Math.max(due, now() - MAKE_UP);
    due -= (Math.log(1 - random.next()) / perSecond) * 1000 * atOnce;
    if (due > end) return sleep(Math.max(0, end - now()));
    const wait = due - now();
    if (wait > 0.5) await sleep(wait);
    for (let i = 0; i < atOnce; i++) connect();
  }
}

const lateness = watchLateness();
const end = now() + seconds * 1000;
while (now() < end) {
  // A trickle too: what waits then waits alone, and no next connection wakes anybody for it.
  const [perSecond, atOnce] = random.choose([
    [4, [rate, 1]],
    [3, [rate / 300, 1]],
    [2, [rate / 5, 1]],
    [1, [rate, 40]],
  ]);
  await phase(Math.min(end, now() + random.between(200, 1500)), perSecond, atOnce);
}
while (open.size > 0) await Promise.all(open);
process.send({ records, late: lateness() }, () => process.disconnect());
