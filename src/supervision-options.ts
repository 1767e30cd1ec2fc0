import { EvenkeelError } from './errors.js';
import { parseCount, parseMilliseconds, wholeNumber } from './options.js';
import type { RecycleLimits } from './primary/recycling.js';
import type { ScaleLimits } from './primary/scaling.js';

/** What is done with workers that go on running. All of it is off by default. */
export interface SupervisionOptions {
  /** A worker that has more resident memory is replaced, with no request lost: bytes, or text as '512M' (K, M, G: of
   * 1024). Linux only. */
  maxMemory?: number | string;
  /** A worker that is older is replaced: milliseconds, or text as '24h' (s, m, h, d). Each worker's own limit lies up
   * to a tenth below this, at random. */
  maxAge?: number | string;
  /** A worker that has accepted more connections is replaced. The same. */
  maxServed?: number;
  /** Milliseconds, from 500: a worker whose event loop has not turned for so long is reported, with its stack where
   * that can be had, and killed; another takes its place. */
  unresponsiveTimeout?: number;
  /** As many workers as the load needs, `min` to `max`: so that each is busy for `target` of the time, 0.1 to 0.9,
   * default 0.7. Linux only. */
  scale?: { min: number; max: number; target?: number };
}

export interface Supervision extends RecycleLimits {
  /** Milliseconds; 0: none. */
  unresponsiveTimeout: number;
  scale: ScaleLimits | undefined;
}

const TARGET = 0.7;

/** @throws EvenkeelError ERR_INVALID_OPTION */
export function parseSupervision(options: SupervisionOptions): Supervision {
  const { maxMemory = 0, maxAge = 0, maxServed = 0, unresponsiveTimeout = 0, scale } = options;
  return {
    maxMemory: parseBytes('maxMemory', maxMemory),
    maxAge: parseDuration('maxAge', maxAge),
    maxServed: parseWhole('maxServed', maxServed),
    unresponsiveTimeout: parseTimeout(unresponsiveTimeout),
    scale: scale && parseScale(scale),
  };
}

const BYTES = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const MILLISECONDS = { '': 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** '512M', or so many bytes; 0: off.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function parseBytes(name: string, value: number | string): number {
  return parseWithUnit(name, value, BYTES, `bytes, or with K, M or G: '512M'`);
}

/** '24h', or so many milliseconds; 0: off.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function parseDuration(name: string, value: number | string): number {
  return parseWithUnit(name, value, MILLISECONDS, `milliseconds, or with s, m, h or d: '24h'`);
}

/** `min..max`, as on the command line.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function parseScaleRange(value: string): { min: number; max: number } {
  const [, min, max] = value.match(/^(\d+)\.\.(\d+)$/) ?? [];
  if (min !== undefined && max !== undefined) return { min: Number(min), max: Number(max) };
  throw new EvenkeelError(
    'ERR_INVALID_OPTION',
    `scale must be the fewest and the most workers, '2..8', not '${value}'`,
  );
}

/** How many workers there are at first.
 * @param workers as parseWorkers() gave it
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function firstWorkers(
  workers: number | 'auto',
  scale: ScaleLimits | undefined,
  usable: () => number,
): number {
  if (scale === undefined) return workers === 'auto' ? usable() : workers;
  if (workers === 'auto') return scale.min;
  if (workers >= scale.min && workers <= scale.max) return workers;
  throw new EvenkeelError(
    'ERR_INVALID_OPTION',
    `workers is ${workers}, and scale from ${scale.min} to ${scale.max}: leave it out to begin with ${scale.min}`,
  );
}

function parseScale({
  min,
  max,
  target = TARGET,
}: ScaleLimits | NonNullable<SupervisionOptions['scale']>): ScaleLimits {
  const limits = { min: parseCount('scale.min', min), max: parseCount('scale.max', max), target };
  if (limits.min < 1 || limits.max < limits.min) {
    throw new EvenkeelError(
      'ERR_INVALID_OPTION',
      `scale must be from 1 or more up to no less, not from ${min} to ${max}`,
    );
  }
  if (!(target >= 0.1 && target <= 0.9)) {
    throw new EvenkeelError(
      'ERR_INVALID_OPTION',
      `scale.target must be a share from 0.1 to 0.9, not '${target}'`,
    );
  }
  return limits;
}

/** A loop is asked to turn ten times a second at most. */
const SHORTEST_TIMEOUT = 500;

function parseTimeout(value: number | string): number {
  const timeout = parseMilliseconds('unresponsiveTimeout', value);
  if (timeout === 0 || timeout >= SHORTEST_TIMEOUT) return timeout;
  throw new EvenkeelError(
    'ERR_INVALID_OPTION',
    `unresponsiveTimeout must be 0 or at least ${SHORTEST_TIMEOUT} ms, not '${value}'`,
  );
}

function parseWithUnit(
  name: string,
  value: number | string,
  units: Record<string, number>,
  form: string,
): number {
  const [, number = '', unit = ''] = String(value).match(/^(\d+)([A-Za-z]?)$/) ?? [];
  const whole = wholeNumber(number) * (units[unit] ?? Number.NaN);
  if (Number.isSafeInteger(whole)) return whole;
  throw new EvenkeelError('ERR_INVALID_OPTION', `${name} must be a whole number of ${form}; not '${value}'`);
}

/** @throws EvenkeelError ERR_INVALID_OPTION */
export function parseWhole(name: string, value: number | string): number {
  const number = wholeNumber(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new EvenkeelError('ERR_INVALID_OPTION', `${name} must be a whole number, 0 or more, not '${value}'`);
}
