import cluster, { type Address, type Worker } from 'node:cluster';
import { type Attempt, serveBeside } from './beside.js';
import { probe } from './capabilities.js';
import { defaultName } from './control/path.js';
import { ControlServer } from './control/server.js';
import { usableCpus } from './cpus.js';
import { publishEvents } from './diagnostics.js';
import { environment } from './environment.js';
import { EvenkeelError } from './errors.js';
import { Fleet } from './fleet.js';
import { parseTcpAddress } from './health/address.js';
import { startsInspector } from './inspector-options.js';
import { MAX_WORKERS } from './load-table.js';
import { warningLog } from './log.js';
import {
  parseDeferAccept,
  parseMilliseconds,
  parsePolicy,
  parseStrategy,
  parseWorkers,
  rollingLimits,
  STALL_THRESHOLD,
  type StartOptions,
  settleDeferAccept,
  timeLimits,
} from './options.js';
import { whenOver } from './over.js';
import { Balancer, type BalancerOptions } from './primary/balancer.js';
import { resolveEntry } from './primary/entry.js';
import { installForkHook } from './primary/fork-hook.js';
import { checkSupervision, supervise } from './primary/supervision.js';
import { Supervisor } from './primary/supervisor.js';
import { reloadOnSignals, stopOnSignals } from './signals.js';
import { type Selection, select } from './strategies/select.js';
import { firstWorkers, parseSupervision } from './supervision-options.js';
import { takeSystemd } from './systemd/environment.js';
import { inheritSockets } from './systemd/inherited-sockets.js';
import { Predecessor } from './takeover/predecessor.js';
import { upgrade } from './takeover/upgrade.js';

/** A port without any worker, all of them dead at once, is kept open for the next ones this long, in ms. */
const ORPHAN_TIMEOUT = 60_000;

/** A fleet runs in this process, or is about to. */
let isTaken = false;

/** Runs `exec`, a server that knows nothing of evenkeel, in N workers behind the ports it listens on.
 *
 * Resolves when every worker listens, or after `listenTimeout` with a warning.
 * One fleet a process: node:cluster, which forks the workers, has one set of settings.
 *
 * @throws EvenkeelError ERR_INVALID_OPTION, ERR_UNKNOWN_STRATEGY, ERR_UNKNOWN_POLICY, ERR_UNSUPPORTED,
 *   ERR_ADDON_UNAVAILABLE, ERR_ENTRY_NOT_FOUND, ERR_ENTRY_NOT_A_FILE, ERR_ENTRY_FAILED, ERR_NOT_PRIMARY,
 *   ERR_ALREADY_STARTED; the system's error where `metrics` or `agentCheck` cannot be served; with `control` also ERR_NAME_TAKEN,
 *   ERR_CONTROL_DIRECTORY and what the system says. Nothing is left running then. */
export async function start(options: StartOptions): Promise<Fleet> {
  return launch(options, {});
}

export interface LaunchHooks {
  /** The fleet is there, its workers are not up yet. */
  onFleet?: (fleet: Fleet) => void;
  /** The control socket cannot be made, for another reason than its name: the fleet runs without it. */
  onNoControl?: (error: NodeJS.ErrnoException) => void;
}

/** start(), with more in hand. @internal */
export async function launch(options: StartOptions, hooks: LaunchHooks): Promise<Fleet> {
  if (!cluster.isPrimary) {
    throw new EvenkeelError(
      'ERR_NOT_PRIMARY',
      'start() was called in a worker: does exec name the file that calls it?',
    );
  }
  if (isTaken) {
    throw new EvenkeelError('ERR_ALREADY_STARTED', 'a fleet runs in this process already: stop() it first');
  }
  requireString('exec', options.exec);
  isTaken = true;
  let control: ControlServer | undefined;
  let predecessor: Predecessor | undefined;
  let assembled: ReturnType<typeof assemble>;
  try {
    predecessor = await Predecessor.find();
    // What the old process still has, it gives up when it has let go of its sockets.
    if (predecessor === undefined) control = await openControl(options, hooks);
    assembled = assemble(options, control?.name, predecessor, async () => {
      const { fleet, beside, serveControl } = assembled;
      // From here on this process serves, whatever else it cannot do.
      const attempt: Attempt = (serve) =>
        serve().catch((error: Error) => beside.log.error({ err: error }, error.message));
      await attempt(async () => serveControl(await openControl(options, hooks, predecessor?.manifest.name)));
      await serveBeside(fleet, beside, attempt);
    });
  } catch (error) {
    control?.close();
    predecessor?.fail(error as Error);
    isTaken = false;
    throw error;
  }
  const { fleet, supervisor, inherited, beside } = assembled;
  assembled.serveControl(control);
  hooks.onFleet?.(fleet);
  try {
    publishEvents(fleet);
    if (predecessor === undefined) await serveBeside(fleet, beside);
  } catch (error) {
    await fleet.stop({ force: true });
    throw error;
  }
  await supervisor.start();
  inherited.warnOfUnused();
  return fleet;
}

/** A fleet that has not begun.
 * @param onTakenOver what is the predecessor's until then can be had */
function assemble(
  options: StartOptions,
  controlName: string | undefined,
  predecessor: Predecessor | undefined,
  onTakenOver: () => Promise<void>,
) {
  const entry = resolveEntry(options.exec);
  const supervision = parseSupervision(options);
  const wanted = firstWorkers(parseWorkers(options.workers ?? 'auto'), supervision.scale, usableCpus);
  const workers = predecessor?.manifest.workers ?? wanted;
  const limits = { ...timeLimits(options), ...rollingLimits(options) };
  const env = environment(options);
  const { NODE_OPTIONS = process.env.NODE_OPTIONS } = env() ?? {}; // what is wrong with it is said before anything runs
  const capabilities = probe();
  const deferAccept = settleDeferAccept(parseDeferAccept(options.deferAccept ?? 'auto'), capabilities);
  const stallThreshold = parseMilliseconds('stallThreshold', options.stallThreshold ?? STALL_THRESHOLD);
  const log = options.log ?? warningLog;
  const metrics = options.metrics === undefined ? undefined : parseTcpAddress('metrics', options.metrics);
  const agentCheck =
    options.agentCheck === undefined ? undefined : parseTcpAddress('agentCheck', options.agentCheck);
  const preStopDelay = parseMilliseconds('preStopDelay', options.preStopDelay ?? 0);
  const selection = select(capabilities, {
    strategy: parseStrategy(options.strategy ?? 'auto'),
    policy: parsePolicy(options.policy ?? 'auto'),
  });

  checkSupervision(supervision, selection.strategy !== 'node:cluster');
  const systemd = takeSystemd();
  predecessor?.checkStrategy(selection.strategy);
  const takeFds = [...systemd.listenFds, ...(predecessor?.takeInherited ?? [])];
  const inherited = inheritSockets(takeFds, selection, log);

  const balancer = makeBalancer(selection, {
    log,
    given: (question) => predecessor?.sockets.find(question) ?? inherited.find(question),
    isWaiting: predecessor !== undefined,
    deferAccept,
    stallThreshold,
    onStall: (handle) => fleet.onStall(handle),
    onRescue: (handle, rescue) => fleet.onStall(handle, rescue),
    onEnd: (handle) => fleet.onEnd(handle),
    onTerm: (handle) => supervisor.drainWorker(handle.worker),
    onListener: ({ address, protocol }) => fleet.emit('listener', { ...address, protocol }),
  });
  const supervisor = new Supervisor({
    ...limits,
    entry: options.exec,
    workers,
    env,
    waitReady: options.waitReady ?? false,
    generation: predecessor?.manifest.generation ?? 1,
    takeOver: predecessor && {
      sockets: () => takeSockets(predecessor),
      rest: () => takeRest(predecessor),
      fail: (error) => predecessor.fail(error),
    },
    balancer,
    log,
  });
  if (predecessor !== undefined) {
    supervisor.once('stopping', () => {
      if (!predecessor.isUndecided) return; // if it is letting go, there will be clients
      const message = 'it was told to stop before it was ready';
      predecessor.fail(new EvenkeelError('ERR_STOPPED', message));
      void supervisor.stop(); // whatever the delay: nobody looks at this one yet
    });
  }
  const nameToBe = typeof options.control === 'string' ? options.control : predecessor?.manifest.name;
  const name = controlName ?? (predecessor && nameToBe) ?? defaultName(options.exec);
  const successorOptions = { ...limits, name, selection, supervisor, balancer, inherited, systemd, log };
  const fleet = new Fleet(
    name,
    selection,
    supervisor,
    balancer,
    (onReleased) => upgrade({ ...successorOptions, workers: wanted }, onReleased),
    log,
  );
  const execArgv = [...(options.execArgv ?? process.execArgv)];
  cluster.setupPrimary({ exec: entry, args: [...(options.args ?? [])], execArgv });
  const unhook = installForkHook({
    balancer: () => balancer,
    onTooMany: () => {
      const why = `${MAX_WORKERS} workers run, those that are ending among them`;
      throw new EvenkeelError('ERR_UNSUPPORTED', why);
    },
  });
  const unwatch = balancer === undefined ? watchNodeListeners(fleet) : () => {};
  const isInspected = startsInspector(execArgv, NODE_OPTIONS);
  const unsupervise = supervise(supervision, { supervisor, balancer, isInspected, log });
  const releases =
    (options.signals ?? true) ? [stopOnSignals(fleet, log, preStopDelay), reloadOnSignals(fleet, log)] : [];
  fleet.once('stop', () => {
    unhook();
    unwatch();
    unsupervise();
    for (const release of releases) release();
    inherited.close();
    isTaken = false;
  });
  const serveControl = (control: ControlServer | undefined): void => {
    if (control === undefined) return;
    control.serve(fleet);
    whenOver(fleet, () => control.close());
  };
  const takeSockets = async (from: Predecessor): Promise<void> => {
    await from.replace(workers, balancer?.listeners ?? []);
    // Also where a stop has come meanwhile: nobody else answers who waits in the accept queues.
    balancer?.takeOver();
  };
  const takeRest = async (from: Predecessor): Promise<void> => {
    if (!supervisor.isEnding) await onTakenOver();
    from.end();
  };
  return { fleet, supervisor, inherited, serveControl, beside: { metrics, agentCheck, systemd, log } };
}

async function openControl(
  { control = false, exec, log = warningLog }: StartOptions,
  { onNoControl }: LaunchHooks,
  inheritedName?: string,
): Promise<ControlServer | undefined> {
  if (control === false) return undefined;
  const name = control === true ? (inheritedName ?? true) : control;
  try {
    return await ControlServer.open({ name, entry: exec, log });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (onNoControl === undefined || code === 'ERR_NAME_TAKEN' || code === 'ERR_INVALID_OPTION') throw error;
    onNoControl(error as NodeJS.ErrnoException);
    return undefined;
  }
}

function makeBalancer(
  { strategy, policy, mechanism, reasons }: Selection,
  options: Omit<BalancerOptions, 'strategy' | 'policy' | 'mechanism' | 'supervised' | 'orphanTimeout'>,
): Balancer | undefined {
  if (strategy !== 'node:cluster') {
    const orphanTimeout = ORPHAN_TIMEOUT;
    return new Balancer({ strategy, policy, mechanism, supervised: true, orphanTimeout, ...options });
  }
  options.log.warn({ code: 'ERR_ADDON_UNAVAILABLE' }, reasons[0]?.why ?? '');
  return undefined;
}

/** Where node:cluster itself serves, it alone knows the listeners. Returns an undo. */
function watchNodeListeners(fleet: Fleet): () => void {
  const seen = new Set<string>();
  const onListening = (_worker: Worker, { address, addressType, port }: Address): void => {
    if (addressType !== 4 && addressType !== 6) return;
    const key = `${address}:${port}`;
    if (seen.has(key)) return;
    seen.add(key);
    const family = addressType === 6 || address === null ? 'IPv6' : 'IPv4';
    fleet.emit('listener', { address: address ?? '::', family, port, protocol: 'tcp' });
  };
  cluster.on('listening', onListening);
  return () => cluster.off('listening', onListening);
}

function requireString(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new EvenkeelError(
    'ERR_INVALID_OPTION',
    `${name} must be the name of a file, not ${JSON.stringify(value)}`,
  );
}
