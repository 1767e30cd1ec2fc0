import { describe, expect, test } from 'vitest';
import { NODE } from '../helpers/fleet.ts';
import { report } from '../stress/report.mjs';
import { trial } from '../stress/trial.mjs';

// A short run of `npm run test:stress`, which tells what is done and what may happen. How long a connection
// may wait, where anything is promised, says test/stress/bounds.mjs.
const PAIRS = [
  { strategy: 'shared-handle', policy: 'least-connections' },
  { strategy: 'hand-off', policy: 'least-connections' },
  { strategy: 'reuse-port', policy: 'least-connections' },
];
const SEEDS = [1, 2, 3];

describe.each(PAIRS)('$strategy/$policy', (pair) => {
  test.each(SEEDS)('workers killed, stopped and blocked at random, seed %i', async (seed) => {
    const result = await trial({ ...pair, seed, seconds: 4, node: NODE });
    const { complaints, verdict, facts } = result;
    expect([...complaints, ...verdict.violations], report(result)).toEqual([]);
    expect(facts.kills.length + facts.stops.length + facts.blocks.length).toBeGreaterThan(5);
    expect(verdict.fates.ok).toBeGreaterThan(20);
  });
});
