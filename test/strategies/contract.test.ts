import { describe, test } from 'vitest';
import type { SelectorMechanism } from '../../dist/binding.js';
import { probe } from '../../dist/capabilities.js';
import { PAIRS } from '../../dist/strategies/select.js';
import { contract } from './contract.ts';

const capabilities = probe();

for (const { strategy, policy, mechanisms, plain } of PAIRS) {
  const refused = strategy === 'reuse-port' ? capabilities.reusePort : undefined;
  if (refused !== undefined) {
    describe(`${strategy}, ${policy}`, () => test.skip(refused));
    continue;
  }
  if (mechanisms === undefined || plain !== undefined) contract(strategy, policy, null);
  for (const mechanism of Object.keys(mechanisms ?? {}) as SelectorMechanism[]) {
    const why = capabilities[mechanism];
    if (why === undefined) contract(strategy, policy, mechanism);
    else describe(`${strategy}, ${policy}, ${mechanism}`, () => test.skip(why));
  }
}
