#!/usr/bin/env node
// Months of a fleet's life in some minutes: reloads, kills and changes of scale under load. Ends with 1 where the
// primary has more descriptors, objects or much more memory at the end than at the start, a slot is not given back, or a request
// failed that no killed worker had. `npm run test:soak -- --rounds 200`
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { random } from '../../../bench/lib/random.mjs';
import { writeWhole } from '../../helpers/write-whole.mjs';
import { loads } from './clients.mjs';
import { Operated } from './operated.mjs';

const SERVER = fileURLToPath(new URL('../../fixtures/reloadable.mjs', import.meta.url));
/** MiB; V8 keeps some of what it has had. */
const MORE_MEMORY = 40;
/** KiB of what can be reached. A worker that stays reachable, with its process and channel, is tens of them. */
const MORE_HEAP = 1024;
/** A group keeps the socket of a worker that has ended for the next one: it has as many as there ever were at once. So
 * many more than in the first rounds may meet later: whose kill and whose reload do is chance. */
const MORE_MEMBERS = 2;
/** Rounds after which everything that is made once is there. */
const WARM_UP = 5;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    strategy: { type: 'string', default: 'shared-handle' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
});
const pick = random(Number(values.seed));
const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-soak-'));
const file = path.join(folder, 'version.json');
const deploy = (version) => writeWhole(file, JSON.stringify({ version, mode: 'ok', listenOn: [0] }));
deploy(1);
console.log(`${values.strategy}, ${values.rounds} rounds, seed ${values.seed}, Node ${process.version}`);
const fleet = await Operated.start({
  exec: SERVER,
  args: [file],
  workers: 3,
  strategy: values.strategy,
  killTimeout: 2000,
  listenTimeout: 30_000,
});
let complaints = 0;
try {
  const clients = loads('http', fleet.port, 2);
  let before;
  for (let round = 1; round <= Number(values.rounds) + WARM_UP; round++) {
    deploy(round + 1);
    await fleet.tell('reload');
    kill(fleet.status);
    await allReady(fleet);
    if (round % 5 === 0) {
      await fleet.tell('scale 5');
      await fleet.tell('scale 3');
    }
    if (round === WARM_UP) before = await atRest(fleet);
    if (round % 20 === 0) await fleet.tell('collect');
    if (round % 20 === 0) console.log(`${round}: ${facts(fleet.status)}`);
  }
  await Promise.all(clients.map((load) => load.stop()));
  const after = await atRest(fleet);
  console.log(`before: ${facts(before)}\nafter:  ${facts(after)}`);
  const answered = clients.reduce((sum, { tally }) => sum + tally.ok, 0);
  const failed = clients.flatMap(({ tally }) => [...tally.failed]);
  console.log(
    `${answered} answered; failed: ${failed.map(([why, n]) => `${n} × ${why}`).join(', ') || 'none'}`,
  );
  const most = before.descriptors + (values.strategy === 'reuse-port' ? MORE_MEMBERS : 0);
  judge('descriptors', after.descriptors <= most, before.descriptors, after.descriptors);
  judge('memory', after.memory <= before.memory + MORE_MEMORY * 2 ** 20, before.memory, after.memory);
  const rounds = Number(values.rounds);
  judge('heap', after.heap <= before.heap + MORE_HEAP * 1024, before.heap, after.heap);
  judge('workers', after.workers.length === 3, 3, after.workers.length);
  // What a killed worker has accepted dies with it: no more than each client's one.
  const inside = (rounds + WARM_UP) * clients.length * 2;
  const lost = failed.reduce((sum, [, count]) => sum + count, 0);
  judge(
    'failed requests',
    lost <= inside && failed.every(([why]) => isOfTheKilled(why)),
    `${inside} at most`,
    lost,
  );
} finally {
  await fleet.close();
  rmSync(folder, { recursive: true });
}
if (complaints > 0) process.exitCode = 1;

function kill({ workers }) {
  const ready = workers.filter(({ state }) => state === 'ready');
  process.kill(ready[Math.floor(pick() * ready.length)].pid, 'SIGKILL');
}

async function allReady(fleet) {
  for (let tries = 0; tries < 600; tries++) {
    const { workers } = await fleet.tell('status');
    if (workers.length === 3 && workers.every(({ state }) => state === 'ready')) return;
    await sleep(50);
  }
  throw new Error(`not ready within 30 s: ${JSON.stringify(fleet.status.workers)}`);
}

/** What has ended is closed by now. */
async function atRest(fleet) {
  await sleep(500);
  return fleet.tell('collect');
}

function isOfTheKilled(why) {
  return /ECONNRESET|socket hang up|EPIPE|aborted/.test(why);
}

function facts({ descriptors, memory, heap, workers, generation }) {
  const size = Math.round(memory / 2 ** 20);
  const held = `${descriptors} descriptors, ${size} MiB, ${Math.round(heap / 1024)} KiB of objects`;
  return `generation ${generation}, ${workers.length} workers, ${held}`;
}

function judge(what, isKept, before, after) {
  if (isKept) return;
  complaints++;
  console.log(`VIOLATED: ${what}: ${before} → ${after}`);
}
