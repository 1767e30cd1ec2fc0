import { binding } from '../binding.js';
import { EvenkeelError } from '../errors.js';
import { authorityOf } from '../health/address.js';
import type { Log } from '../log.js';
import type { Balancer } from '../primary/balancer.js';
import type { Supervisor } from '../primary/supervisor.js';
import type { Selection } from '../strategies/select.js';
import { type SystemdEnvironment, systemdVariables } from '../systemd/environment.js';
import type { InheritedSockets } from '../systemd/inherited-sockets.js';
import { commandOf, howStarted } from './command.js';
import { type Manifest, VERSION } from './manifest.js';
import { Successor } from './successor.js';

/** A process has this long to come to its start(), in ms; from there on it has listenTimeout. */
const START_LIMIT = 30_000;
const INIT = 1;

export interface UpgradeOptions {
  name: string;
  selection: Selection;
  supervisor: Supervisor;
  /** Undefined where node:cluster itself serves. */
  balancer: Balancer | undefined;
  inherited: InheritedSockets;
  systemd: SystemdEnvironment;
  /** So many workers the fleet was started with. */
  workers: number;
  /** Milliseconds; see StartOptions. */
  listenTimeout: number;
  killTimeout: number;
  log: Log;
}

/** The process that has taken a fleet's place. */
export interface Upgraded {
  pid: number;
  /** Of it, ready. */
  workers: number;
}

/** Has another process, of the present code, take this one's place behind its ports. The old one does nothing before
 * the new one's workers are ready: until then it can fail, and nobody notices. */
export async function upgrade(
  options: UpgradeOptions,
  onReleased: (upgraded: Upgraded) => void,
): Promise<Upgraded> {
  const { supervisor, killTimeout, log } = options;
  const balancer = requireSockets(options.balancer);
  let successor: Successor | undefined;
  const onStopping = (): void => successor?.cancel(new EvenkeelError('ERR_STOPPED', 'the fleet stops'));
  supervisor.once('stopping', onStopping);
  let upgraded: Upgraded | undefined;
  let serving: Promise<void> | undefined;
  try {
    await supervisor.handOver(
      async () => {
        successor = await begin(options, balancer);
        const pid = await successor.started();
        log.info({ pid }, `upgrading: process ${pid} is to take this one's place`);
        const { workers } = await successor.ready(START_LIMIT + options.listenTimeout);
        upgraded = { pid, workers };
      },
      () => {
        try {
          onReleased(upgraded as Upgraded);
        } finally {
          serving = successor?.release();
          serving?.catch(() => {}); // where a listener throws, that is what is said
        }
      },
    );
    await serving;
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    if (serving === undefined) await successor?.abort(message, killTimeout);
    log.error({ code }, `${serving === undefined ? 'the upgrade failed' : 'upgraded, but'}: ${message}`);
    throw error;
  } finally {
    supervisor.off('stopping', onStopping);
  }
  const { pid, workers } = upgraded as unknown as Upgraded;
  log.info({ pid, workers }, `upgraded: process ${pid} serves with ${workers} workers`);
  return { pid, workers };
}

async function begin(options: UpgradeOptions, balancer: Balancer): Promise<Successor> {
  const { name, selection, supervisor, inherited, systemd, workers } = options;
  requireListeners(supervisor);
  const fds: number[] = [];
  try {
    const listeners: Manifest['listeners'] = [];
    for (const listener of balancer.listeners) {
      const { fds: own, ...rest } = listener.share();
      fds.push(...own);
      listeners.push({ ...rest, address: authorityOf(listener.address), sockets: own.length });
    }
    const given = inherited.share();
    fds.push(...given);
    const manifest: Manifest = {
      v: VERSION,
      pid: process.pid,
      name,
      strategy: selection.strategy as Manifest['strategy'],
      generation: supervisor.generations.next,
      workers: supervisor.scaledTo === workers ? null : supervisor.scaledTo,
      listeners,
      inherited: given.length,
    };
    const env = { ...process.env, ...systemdVariables(systemd) };
    return await Successor.begin({ command: commandOf(howStarted()), env, manifest, fds });
  } finally {
    for (const fd of fds) binding().closeFd(fd); // the new process has its own
  }
}

/** @throws EvenkeelError ERR_UNSUPPORTED */
function requireSockets(balancer: Balancer | undefined): Balancer {
  if (process.platform === 'win32')
    throw unsupported('Windows gives a process the sockets of another one only while that one lives');
  if (balancer === undefined)
    throw unsupported('node:cluster itself serves, and keeps its sockets to itself');
  if (process.pid === INIT)
    throw unsupported('this is process 1 of its container, which ends with it: roll the container out anew');
  return balancer;
}

/** What node:cluster itself listens on, Unix sockets and UDP, stays where it is.
 * @throws EvenkeelError ERR_UNSUPPORTED */
function requireListeners(supervisor: Supervisor): void {
  const all = supervisor.seats.flatMap(({ addresses }) => [...addresses]);
  const other = all.find((address) => address.startsWith('udp:') || !/:\d+$/.test(address));
  if (other !== undefined) throw unsupported(`the workers listen on ${other}, which is no TCP port`);
}

function unsupported(why: string): EvenkeelError {
  return new EvenkeelError(
    'ERR_UNSUPPORTED',
    `the primary cannot be upgraded: ${why}. A reload replaces the workers.`,
  );
}
