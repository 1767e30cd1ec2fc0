import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { boundsOf } from './bounds.mjs';
import { Chaos } from './chaos.mjs';
import { eventually, now, watchLateness } from './clock.mjs';
import { ABSURD, complaints } from './health.mjs';
import { Primary } from './primary.mjs';
import { Random } from './random.mjs';
import { request } from './request.mjs';
import { watchStarvation } from './starved.mjs';
import { parseTrace } from './trace.mjs';
import { judge } from './verdict.mjs';

const LOAD = fileURLToPath(new URL('load.mjs', import.meta.url));

export const DEFAULTS = {
  strategy: 'shared-handle',
  policy: 'least-connections',
  workers: 4,
  rate: 300,
  seconds: 120,
  node: process.execPath,
};

/** Starts a fleet, does harm to its workers for `seconds` under `rate` new connections a second, lets it
 * recover, and ends it: `{facts, verdict, complaints}`. The same seed does the same harm in the same order.
 *
 * Facts: `records` of every connection (request.mjs), `stops`, `kills` and `primaryBlocks` (chaos.mjs), `taken`, `blocks` and
 * `own` (trace.mjs), when the machine was `late` to run us (clock.mjs), and which workers it `starved` (starved.mjs). */
export async function trial(options) {
  const { strategy, policy, seconds, seed, rate, ...rest } = { ...DEFAULTS, ...options };
  const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-stress-'));
  const bounds = boundsOf(strategy, policy);
  const trace = path.join(folder, 'trace');
  const primary = new Primary({ strategy, policy, trace, ...rest });
  const random = new Random(seed);
  const chaos = new Chaos(primary, random, bounds.primaryToo);
  const healAtExit = () => void chaos.heal(); // a stopped process would outlive us
  process.on('exit', healAtExit);
  try {
    await eventually(
      () => primary.workers[0] !== undefined || !primary.isRunning,
      20_000,
      () => 'the fleet starts',
    );
    for (let i = 0; i < 50; i++) await request(primary.port, '/'); // what is opened once and kept is open now
    const descriptors = primary.descriptors;
    const absurd = watchCounts(primary);
    const lateness = watchLateness();
    const starvation = watchStarvation(() => primary.workers.map(({ pid }) => pid));
    const load = fork(LOAD, [primary.port, random.index(2 ** 31), rate, seconds].map(String));
    const loaded = once(load, 'message');
    await chaos.run(now() + seconds * 1000);
    await chaos.heal();
    const [{ records, late }] = await loaded;
    const found = [...(await absurd()), ...(await complaints(primary, descriptors))];
    const facts = {
      records: [...records, ...chaos.records],
      late: [...late, ...lateness()],
      starved: starvation(),
      stops: chaos.stops,
      kills: chaos.kills,
      primaryBlocks: chaos.primaryBlocks,
      ...parseTrace(readFileSync(trace, 'utf8')),
    };
    return { facts, verdict: judge(facts, bounds), complaints: found };
  } finally {
    process.off('exit', healAtExit);
    await chaos.heal();
    await primary.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Looks at the counts of connections all the while. Returns an end, which tells what was absurd. */
function watchCounts(primary) {
  const found = [];
  const timer = setInterval(() => {
    for (const { pid, connections } of primary.workers) {
      if (connections > ABSURD) found.push(`worker ${pid} had ${connections} connections`);
    }
    primary.ask();
  }, 50);
  return () => {
    clearInterval(timer);
    return found;
  };
}
