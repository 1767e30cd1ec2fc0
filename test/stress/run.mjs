#!/usr/bin/env node
// Workers of a fleet are killed, stopped and blocked at random, under load; every connection is accounted for.
// `npm run test:stress -- --seconds 120 --seed 7 --strategy shared-handle --policy least-connections`
// Ends with 1 where something was violated. See verdict.mjs for what may happen, bounds.mjs for how long.
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { report } from './report.mjs';
import { DEFAULTS, trial } from './trial.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: String(DEFAULTS.seconds) },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    strategy: { type: 'string', default: DEFAULTS.strategy },
    policy: { type: 'string' },
    workers: { type: 'string', default: String(DEFAULTS.workers) },
    rate: { type: 'string', default: String(DEFAULTS.rate) },
    // Where the facts go, as JSON.
    out: { type: 'string' },
  },
});
const ONLY = {
  'hand-off': 'round-robin',
  'reuse-port': 'least-connections',
  'shared-handle': DEFAULTS.policy,
};
const policy = values.policy ?? ONLY[values.strategy];
const { strategy, out } = values;
const seed = Number(values.seed);

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
console.log(`${strategy}/${policy}, seed ${seed}, ${values.seconds} s, Node ${process.version}`);
const result = await trial({
  strategy,
  policy,
  seed,
  seconds: Number(values.seconds),
  workers: Number(values.workers),
  rate: Number(values.rate),
});
console.log(report(result));
if (out !== undefined) writeFileSync(out, JSON.stringify(result));
if (result.complaints.length + result.verdict.violations.length > 0) process.exitCode = 1;
