import { EvenkeelError } from './errors.js';
import { MAX_WORKERS } from './load-table.js';
import type { Log } from './log.js';
import {
  type Capabilities,
  POLICIES,
  type PolicyName,
  STRATEGIES,
  type StrategyName,
} from './strategies/select.js';
import type { SupervisionOptions } from './supervision-options.js';

export interface StartOptions extends SupervisionOptions {
  /** The file that starts the server; any file Node runs: CommonJS, ES module, TypeScript where Node can. */
  exec: string;
  /** Its arguments. */
  args?: readonly string[];
  /** Node's options for the workers. Default: this process's own. */
  execArgv?: readonly string[];
  /** Added to this process's environment for the workers. */
  env?: Readonly<Record<string, string>>;
  /** How many: 1 to 256. Default 'auto': the CPUs this process may use, see usableCpus(). */
  workers?: number | 'auto';
  /** Default 'auto'. */
  strategy?: StrategyName | 'auto';
  /** Default 'auto'. */
  policy?: PolicyName | 'auto';
  /** `hand-off` only: whether the kernel hands out a connection only when the client's first bytes are there
   * (or after a second), which saves a wake-up. Default 'auto': for http, https and tls servers, where the
   * client speaks first. */
  deferAccept?: boolean | 'auto';
  /** `reuse-port` only. Milliseconds, default 20: when a worker's event loop has not turned for so long and
   * connections wait for it, it gets no new ones, and those that wait go to workers that sleep, until its
   * loop turns. 0: they wait. Not with `source-hash`, where a client waits for its worker. */
  stallThreshold?: number;
  /** A file of further variables, as Node's --env-file; read again for each reload. `env` comes before it. */
  envFrom?: string;
  /** A worker takes part when it has said so, by process.send('ready') or ready(), and not when it listens.
   * Default false. */
  waitReady?: boolean;
  /** Reload: so many workers more than usual at most, not counting those that drain. Default 1. */
  maxSurge?: number;
  /** Reload: so many workers fewer than usual at most. Default 0. Both 0 is refused: nobody could be replaced. */
  maxUnavailable?: number;
  /** Milliseconds, default 3000: a worker that is not ready by then is warned about; in a reload the reload fails,
   * and the old workers stay. */
  listenTimeout?: number;
  /** Milliseconds, default 10000: what is not drained by then is killed. */
  killTimeout?: number;
  /** Milliseconds, default 1000: a worker that lived longer was no failed start. */
  minUptime?: number;
  /** Where /metrics (Prometheus), /livez and /readyz (Kubernetes) are served: a port, or with an address. Default: not;
   * the address 127.0.0.1. */
  metrics?: number | { port: number; host?: string };
  /** Where HAProxy's agent-check is answered: `drain` from the SIGTERM on, else a weight by what the fleet has left to
   * give. A port, or with an address. Default: not; the address 127.0.0.1. */
  agentCheck?: number | { port: number; host?: string };
  /** Milliseconds, default 0: so long after a SIGTERM the fleet goes on serving while /readyz and the agent check say that it
   * stops, so that load balancers hear of it before it drains. */
  preStopDelay?: number;
  /** Drain and stop on SIGTERM and SIGINT; the second one kills. Reload on SIGHUP and SIGUSR2. Default true. */
  signals?: boolean;
  /** A control socket, through which `evenkeel status`, `reload` and so on reach this fleet: a name that no other
   * fleet of this user has, or true: the entry's. Default false. */
  control?: boolean | string;
  /** A pino logger, or anything of its shape. Default: warnings by process.emitWarning(). */
  log?: Log;
}

export interface RollingLimits {
  maxSurge: number;
  maxUnavailable: number;
}

export interface TimeLimits {
  listenTimeout: number;
  killTimeout: number;
  minUptime: number;
}

const DEFAULTS: TimeLimits = { listenTimeout: 3000, killTimeout: 10_000, minUptime: 1000 };

/** @throws EvenkeelError ERR_INVALID_OPTION */
export function rollingLimits({ maxSurge = 1, maxUnavailable = 0 }: Partial<RollingLimits>): RollingLimits {
  const limits = {
    maxSurge: parseCount('maxSurge', maxSurge),
    maxUnavailable: parseCount('maxUnavailable', maxUnavailable),
  };
  if (limits.maxSurge + limits.maxUnavailable > 0) return limits;
  throw new EvenkeelError(
    'ERR_INVALID_OPTION',
    'maxSurge and maxUnavailable are both 0: no worker could ever be replaced. Set one of them to 1 or more.',
  );
}

/** Milliseconds. */
export const STALL_THRESHOLD = 20;

/** @throws EvenkeelError ERR_INVALID_OPTION */
export function timeLimits(options: Partial<TimeLimits>): TimeLimits {
  const limit = (name: keyof TimeLimits) => parseMilliseconds(name, options[name] ?? DEFAULTS[name]);
  return {
    listenTimeout: limit('listenTimeout'),
    killTimeout: limit('killTimeout'),
    minUptime: limit('minUptime'),
  };
}

/** @throws EvenkeelError ERR_UNKNOWN_STRATEGY, listing the valid ones */
export function parseStrategy(value: string): StrategyName | 'auto' {
  const known = ['auto', ...STRATEGIES] as const;
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw new EvenkeelError(
    'ERR_UNKNOWN_STRATEGY',
    `unknown strategy '${value}': choose one of ${known.join(', ')}`,
  );
}

/** @throws EvenkeelError ERR_UNKNOWN_POLICY, listing the valid ones */
export function parsePolicy(value: string): PolicyName | 'auto' {
  const known = ['auto', ...POLICIES] as const;
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw new EvenkeelError(
    'ERR_UNKNOWN_POLICY',
    `unknown policy '${value}': choose one of ${known.join(', ')}`,
  );
}

/** How many workers: 'auto', or a whole number from 1 to 256.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function parseWorkers(value: string | number): number | 'auto' {
  if (value === 'auto') return value;
  const number = wholeNumber(value);
  if (number >= 1 && number <= MAX_WORKERS) return number;
  throw new EvenkeelError(
    'ERR_INVALID_OPTION',
    `workers must be 'auto' or a whole number from 1 to ${MAX_WORKERS}, not '${value}'`,
  );
}

/** Whether to wait for a client's first bytes: 'auto', true or false, also as text.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function parseDeferAccept(value: string | boolean): boolean | 'auto' {
  if (value === 'auto') return value;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new EvenkeelError('ERR_INVALID_OPTION', `deferAccept must be 'auto', true or false, not '${value}'`);
}

/** The same, as far as it can be had here: 'auto' is false where it cannot.
 * @throws EvenkeelError ERR_UNSUPPORTED where true was asked for and cannot be had. */
export function settleDeferAccept(
  wanted: boolean | 'auto',
  { addon, deferAccept }: Pick<Capabilities, 'addon' | 'deferAccept'>,
): boolean | 'auto' {
  if (wanted === false || deferAccept === undefined) return wanted;
  if (wanted === 'auto' || addon !== undefined) return false;
  throw new EvenkeelError('ERR_UNSUPPORTED', `cannot defer accept here: ${deferAccept}`);
}

/** A number of workers, 0 to 256.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function parseCount(name: string, value: string | number): number {
  const number = wholeNumber(value);
  if (number >= 0 && number <= MAX_WORKERS) return number;
  throw new EvenkeelError(
    'ERR_INVALID_OPTION',
    `${name} must be a whole number from 0 to ${MAX_WORKERS}, not '${value}'`,
  );
}

const DAY = 86_400_000;

/** A time in milliseconds, 0 to a day.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function parseMilliseconds(name: string, value: string | number): number {
  const number = wholeNumber(value);
  if (number >= 0 && number <= DAY) return number;
  throw new EvenkeelError(
    'ERR_INVALID_OPTION',
    `${name} must be a whole number of milliseconds from 0 to ${DAY}, not '${value}'`,
  );
}

/** NaN where it is none. */
export function wholeNumber(value: string | number): number {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number.NaN;
  return /^\d+$/.test(value) ? Number(value) : Number.NaN;
}
