import { probe } from './capabilities.js';
import { usableCpus } from './cpus.js';
import { parsePolicy, parseStrategy } from './options.js';
import {
  type Capabilities,
  type PolicyName,
  type Selection,
  type StrategyName,
  select,
} from './strategies/select.js';

export interface Explanation extends Selection {
  capabilities: Capabilities;
  /** What `workers: 'auto'` is here. */
  workers: number;
}

/** What start() would choose here, and why each other choice is not.
 * @throws EvenkeelError as start() does where what is asked for cannot be had. */
export function explain(
  options: { strategy?: StrategyName | 'auto'; policy?: PolicyName | 'auto' } = {},
): Explanation {
  const capabilities = probe();
  const selection = select(capabilities, {
    strategy: parseStrategy(options.strategy ?? 'auto'),
    policy: parsePolicy(options.policy ?? 'auto'),
  });
  return { ...selection, capabilities, workers: usableCpus() };
}
