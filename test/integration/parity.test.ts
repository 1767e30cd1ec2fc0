import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { fixture, NODE, REGISTER } from '../helpers/fleet.ts';
import { testKeys } from '../helpers/keys.ts';

// Each scenario is an application that uses node:cluster itself. It must print the same with evenkeel
// under it as with node:cluster alone.
const scenarios = readdirSync(fixture('parity')).filter((name) => name !== 'scenario.cjs');

async function run(scenario: string, nodeArgs: string[], env: Record<string, string> = {}): Promise<unknown> {
  const file = fixture(`parity/${scenario}`);
  const options = { env: { ...process.env, ...testKeys(), ...env }, timeout: 25_000 };
  const { stdout } = await promisify(execFile)(NODE, [...nodeArgs, file], options);
  return JSON.parse(stdout);
}

describe.each(scenarios)('%s', (scenario) => {
  let expected: unknown;

  beforeAll(async () => {
    expected = await run(scenario, []);
    expect(expected).not.toEqual([]);
  });

  test.each(STRATEGIES)('as node:cluster, by %s', async (strategy) => {
    const facts = await run(scenario, ['--import', REGISTER], { EVENKEEL_STRATEGY: strategy });
    expect(facts).toEqual(expected);
  });
});
