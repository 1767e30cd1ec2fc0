import type { Fleet } from '../fleet.js';
import { parseTcpAddress } from '../health/address.js';
import {
  parseCount,
  parseDeferAccept,
  parseMilliseconds,
  parsePolicy,
  parseStrategy,
  parseWorkers,
  type StartOptions,
} from '../options.js';
import { launch } from '../start.js';
import { MECHANISM_NAMES } from '../strategies/select.js';
import { urlOf } from './format.js';
import { makeLog } from './log.js';
import { type SupervisionFlags, supervisionOptions } from './supervision-flags.js';

export interface StartFlags extends SupervisionFlags {
  workers: string;
  strategy: string;
  policy: string;
  deferAccept?: string;
  stallThreshold?: string;
  envFrom?: string;
  waitReady?: true;
  maxSurge?: string;
  maxUnavailable?: string;
  listenTimeout?: string;
  killTimeout?: string;
  minUptime?: string;
  metrics?: string;
  agentCheck?: string;
  preStopDelay?: string;
  nodeArgs?: string;
  /** Empty: Node's default address. */
  inspect?: string;
  name?: string;
  control: boolean;
}

const MILLISECONDS = ['stallThreshold', 'listenTimeout', 'killTimeout', 'minUptime', 'preStopDelay'] as const;

/** `evenkeel [start] <entry>`: runs until the fleet has stopped. */
export async function startCommand(entry: string, args: string[], flags: StartFlags): Promise<void> {
  const log = makeLog();
  const options: StartOptions = {
    exec: entry,
    args,
    workers: parseWorkers(flags.workers),
    strategy: parseStrategy(flags.strategy),
    policy: parsePolicy(flags.policy),
    execArgv: [...process.execArgv, ...nodeArgs(flags)],
    ...supervisionOptions(flags),
    control: flags.control && (flags.name ?? true),
    log,
  };
  if (flags.envFrom !== undefined) options.envFrom = flags.envFrom;
  if (flags.waitReady) options.waitReady = true;
  for (const name of ['maxSurge', 'maxUnavailable'] as const) {
    const value = flags[name];
    if (value !== undefined) options[name] = parseCount(name, value);
  }
  if (flags.deferAccept !== undefined) options.deferAccept = parseDeferAccept(flags.deferAccept);
  if (flags.metrics !== undefined) options.metrics = parseTcpAddress('metrics', flags.metrics);
  if (flags.agentCheck !== undefined) options.agentCheck = parseTcpAddress('agentCheck', flags.agentCheck);
  for (const name of MILLISECONDS) {
    const value = flags[name];
    if (value !== undefined) options[name] = parseMilliseconds(name, value);
  }
  let stopped: Promise<void> | undefined;
  let successor: number | undefined;
  const fleet = await launch(options, {
    onFleet(early) {
      stopped = new Promise((resolve) => early.once('stop', () => resolve()));
      early.once('upgraded', ({ pid }) => {
        successor = pid;
      });
      stopOnMessage(early, options.preStopDelay ?? 0);
      announce(early);
    },
    onNoControl: ({ code, message }) =>
      log.warn(
        { code },
        `no control socket, so that evenkeel status and the like do not reach this fleet: ${message}`,
      ),
  });
  const { workers } = fleet.status();
  const ready = workers.filter(({ state }) => state === 'ready').length;
  const isEnding = workers.every(({ state }) => state === 'draining' || state === 'dead');
  if (!isEnding) {
    log.info(
      { workers: workers.length, ready },
      `${ready} of ${workers.length} workers ready; Ctrl+C drains and ends`,
    );
  }
  await stopped;
  log.info({}, successor === undefined ? 'stopped' : `ended: process ${successor} has this one's place`);

  function announce(early: Fleet): void {
    const { strategy, policy, mechanism, reasons } = early.selection;
    const { why = '', mechanisms = [] } = reasons.find(({ verdict }) => verdict === 'chosen') ?? {};
    const by = mechanism === null ? '' : `, by ${MECHANISM_NAMES[mechanism]}`;
    // What would be better and cannot be had, with its remedy.
    const notBy = mechanisms.filter(({ verdict }) => verdict === 'unsupported');
    const lacks = notBy.map((rung) => `; not by ${MECHANISM_NAMES[rung.mechanism]}: ${rung.why}`).join('');
    log.info(
      { fleet: early.name, pid: process.pid, strategy, policy, mechanism, why },
      `strategy ${strategy}, policy ${policy}${by}: ${why}${lacks}`,
    );
    early.on('listener', (listener) => log.info({ ...listener }, `listening on ${urlOf(listener)}`));
  }
}

/** Where no signal can be sent, on Windows, who started us with an IPC channel says 'shutdown' on it, as to
 * PM2's processes. It is their SIGTERM: `delay` ms later the fleet drains. */
function stopOnMessage(fleet: Fleet, delay: number): void {
  if (process.channel === undefined) return;
  process.on('message', (message) => {
    if (message === 'shutdown') void fleet.stop({ delay });
  });
  process.channel?.unref(); // it does not keep us alive
}

function nodeArgs({ nodeArgs: words, inspect }: StartFlags): string[] {
  const args = words === undefined ? [] : words.split(/\s+/).filter((word) => word !== '');
  if (inspect !== undefined) args.push(inspect === '' ? '--inspect' : `--inspect=${inspect}`);
  return args;
}
