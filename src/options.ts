import { EvenkeelError } from './errors.js';
import { MAX_WORKERS } from './load-table.js';
import { POLICIES, type PolicyName, STRATEGIES, type StrategyName } from './strategies/select.js';

/** @throws EvenkeelError ERR_UNKNOWN_STRATEGY, listing the valid ones */
export function parseStrategy(value: string): StrategyName | 'auto' {
  const known = ['auto', ...STRATEGIES] as const;
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw new EvenkeelError('ERR_UNKNOWN_STRATEGY', `unknown strategy '${value}': choose one of ${known.join(', ')}`);
}

/** @throws EvenkeelError ERR_UNKNOWN_POLICY, listing the valid ones */
export function parsePolicy(value: string): PolicyName | 'auto' {
  const known = ['auto', ...POLICIES] as const;
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw new EvenkeelError('ERR_UNKNOWN_POLICY', `unknown policy '${value}': choose one of ${known.join(', ')}`);
}

/** How many workers: 'auto', or a whole number from 1 to 256.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function parseWorkers(value: string | number): number | 'auto' {
  if (value === 'auto') return value;
  const number = typeof value === 'number' ? value : /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isInteger(number) && number >= 1 && number <= MAX_WORKERS) return number;
  throw new EvenkeelError(
    'ERR_INVALID_OPTION',
    `workers must be 'auto' or a whole number from 1 to ${MAX_WORKERS}, not '${value}'`,
  );
}

/** A time in milliseconds, 0 to a day.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function parseMilliseconds(name: string, value: string | number): number {
  const number = typeof value === 'number' ? value : /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isInteger(number) && number >= 0 && number <= 86_400_000) return number;
  throw new EvenkeelError(
    'ERR_INVALID_OPTION',
    `${name} must be a whole number of milliseconds from 0 to 86400000, not '${value}'`,
  );
}
