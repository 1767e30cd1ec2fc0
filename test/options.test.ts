import { describe, expect, test } from 'vitest';
import {
  parseMilliseconds,
  parsePolicy,
  parseStrategy,
  parseWorkers,
  settleDeferAccept,
  timeLimits,
} from '../dist/options.js';
import { POLICIES, STRATEGIES } from '../dist/strategies/select.js';
import { refusal } from './helpers/thrown.ts';

describe('workers', () => {
  test.each([
    ['auto', 'auto'],
    ['1', 1],
    [1, 1],
    ['2', 2],
    ['256', 256],
    [256, 256],
  ])('%o is %o', (value, workers) => {
    expect(parseWorkers(value)).toBe(workers);
  });

  test.each([0, -1, 1.5, 257, 10_000, Number.NaN, Number.POSITIVE_INFINITY])('%d is refused', (value) => {
    const { code, message, isUsage } = refusal(() => parseWorkers(value));
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(message).toBe(`workers must be 'auto' or a whole number from 1 to 256, not '${value}'`);
    expect(isUsage).toBe(true);
  });

  test.each(['0', '-1', '1.5', '257', '10000', 'many', '', ' ', ' 2', '2 ', '0x10', '1e2', 'Auto', '+2'])(
    "'%s' is refused",
    (value) => {
      const { code, message } = refusal(() => parseWorkers(value));
      expect(code).toBe('ERR_INVALID_OPTION');
      expect(message).toBe(`workers must be 'auto' or a whole number from 1 to 256, not '${value}'`);
    },
  );
});

describe('deferAccept', () => {
  const can = { addon: undefined, deferAccept: undefined };
  const cannot = { addon: undefined, deferAccept: 'this system cannot' };

  test.each([true, false, 'auto'] as const)('%s stays so where it can be had', (wanted) => {
    expect(settleDeferAccept(wanted, can)).toBe(wanted);
  });

  test('where it cannot, auto is without it, and who insists is told why', () => {
    expect(settleDeferAccept('auto', cannot)).toBe(false);
    expect(settleDeferAccept(false, cannot)).toBe(false);
    const { code, message, isUsage } = refusal(() => settleDeferAccept(true, cannot));
    expect(code).toBe('ERR_UNSUPPORTED');
    expect(message).toBe('cannot defer accept here: this system cannot');
    expect(isUsage).toBe(true);
  });

  test('without the addon nothing is deferred, and that is said of the addon', () => {
    expect(settleDeferAccept(true, { addon: 'not built', deferAccept: 'not built' })).toBe(false);
  });
});

describe('names', () => {
  test.each(['auto', ...STRATEGIES] as const)('strategy %s', (name) => {
    expect(parseStrategy(name)).toBe(name);
  });

  test.each(['auto', ...POLICIES] as const)('policy %s', (name) => {
    expect(parsePolicy(name)).toBe(name);
  });

  test.each(['', 'magic', 'Hand-Off', 'hash', 'node:cluster', 'constructor'])(
    "strategy '%s' is unknown; all that are known are listed",
    (name) => {
      const { code, message, isUsage } = refusal(() => parseStrategy(name));
      expect(code).toBe('ERR_UNKNOWN_STRATEGY');
      expect(message).toBe(
        `unknown strategy '${name}': choose one of auto, reuse-port, hand-off, shared-handle`,
      );
      expect(isUsage).toBe(true);
    },
  );

  test.each(['', 'magic', 'Hash', 'hand-off', 'toString'])(
    "policy '%s' is unknown; all that are known are listed",
    (name) => {
      const { code, message, isUsage } = refusal(() => parsePolicy(name));
      expect(code).toBe('ERR_UNKNOWN_POLICY');
      expect(message).toBe(`unknown policy '${name}': choose one of auto, ${POLICIES.join(', ')}`);
      expect(isUsage).toBe(true);
    },
  );
});

describe('times', () => {
  const DAY = 24 * 60 * 60 * 1000;

  test.each([
    [0, 0],
    ['0', 0],
    ['250', 250],
    [DAY, DAY],
    [String(DAY), DAY],
  ])('%o is %d ms', (value, milliseconds) => {
    expect(parseMilliseconds('killTimeout', value)).toBe(milliseconds);
  });

  test.each([-1, 0.5, DAY + 1, Number.NaN, Number.POSITIVE_INFINITY, '', 'soon', '-1', '1s', '1.5'])(
    '%o is refused',
    (value) => {
      const { code, message } = refusal(() => parseMilliseconds('killTimeout', value));
      expect(code).toBe('ERR_INVALID_OPTION');
      expect(message).toBe(
        `killTimeout must be a whole number of milliseconds from 0 to ${DAY}, not '${value}'`,
      );
    },
  );

  test('limits left out have their defaults, 0 is not left out', () => {
    expect(timeLimits({})).toEqual({ listenTimeout: 3000, killTimeout: 10_000, minUptime: 1000 });
    expect(timeLimits({ minUptime: 0, killTimeout: 5 })).toEqual({
      listenTimeout: 3000,
      killTimeout: 5,
      minUptime: 0,
    });
  });

  test.each(['listenTimeout', 'killTimeout', 'minUptime'] as const)(
    'a wrong %s is refused by its name',
    (name) => {
      const { code, message } = refusal(() => timeLimits({ [name]: -1 }));
      expect(code).toBe('ERR_INVALID_OPTION');
      expect(message).toContain(`${name} must be`);
    },
  );
});
