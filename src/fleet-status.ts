import type { SocketAddress } from './binding.js';
import type { Load } from './load-table.js';
import type { ReloadOutcome } from './primary/generations.js';
import { processFacts } from './primary/process-facts.js';
import type { Seat, WorkerState } from './primary/seat.js';
import type { WorkerHandle } from './primary/worker-handle.js';
import type { Selection } from './strategies/select.js';

export interface WorkerStatus {
  /** Its place in the fleet, from 0: the same over restarts and reloads. Two have it while one replaces the other. */
  index: number;
  /** node:cluster's id of the process that has this place now, or had it last. */
  id: number | undefined;
  pid: number | undefined;
  state: WorkerState;
  /** Open connections; undefined where node:cluster itself serves. */
  connections: number | undefined;
  /** Connections begun since the process started. */
  accepted: number | undefined;
  /** Times its event loop was blocked while connections waited for it; `reuse-port` only. */
  stalls: number | undefined;
  /** Connections given to other workers then. */
  rescued: number | undefined;
  /** Processes begun in this place after the first, also by reloads and those that were never ready. */
  restarts: number;
  /** Failures in a row: deaths within `minUptime` of the start. From 3 on it is a crash loop. */
  failures: number;
  /** Milliseconds until a worker begins in this place; undefined where one runs. */
  nextStart: number | undefined;
  /** Counts from 1; each reload begins the next one. */
  generation: number;
  /** Milliseconds. */
  uptime: number;
  /** Resident memory, bytes; Linux only, as is `cpuSeconds`. */
  rss: number | undefined;
  /** Processor time the process has used, seconds. */
  cpuSeconds: number | undefined;
  /** Milliseconds since its event loop last turned; 0 while it has nothing to do. */
  loopDelay: number | undefined;
}

export interface ListenerStatus extends SocketAddress {
  protocol: 'http' | 'https' | 'tls' | 'tcp';
}

/** `stopping`: from the signal to end on, though it may go on serving for `preStopDelay`. */
export type FleetPhase = 'starting' | 'running' | 'stopping' | 'stopped';

export interface FleetStatus {
  /** Of its control socket, where it has one. */
  name: string;
  pid: number;
  phase: FleetPhase;
  /** Milliseconds. */
  uptime: number;
  strategy: Selection['strategy'];
  policy: Selection['policy'];
  listeners: ListenerStatus[];
  /** Of the workers that come now. */
  generation: number;
  /** Connections no worker has yet; undefined where node:cluster itself serves. */
  queued: number | undefined;
  reloading: boolean;
  lastReload: ReloadOutcome | undefined;
  /** How many workers are wanted. */
  size: number;
  /** More than the fleet has places while some are replaced. */
  workers: WorkerStatus[];
}

/** @param handle undefined where it has no process, or node:cluster itself serves */
export function workerStatus(
  seat: Seat,
  handle: WorkerHandle | undefined,
  { failures, restarts }: Pick<WorkerStatus, 'failures' | 'restarts'>,
): WorkerStatus {
  const { worker, state, generation, startedAt, nextStartAt = 0, isAlive } = seat;
  const load = handle?.slot.read();
  const facts = isAlive ? processFacts(worker?.process.pid ?? 0) : undefined;
  return {
    index: seat.index,
    id: worker?.id,
    pid: worker?.process.pid,
    state,
    connections: load?.active,
    accepted: load?.accepted,
    stalls: handle?.stalls,
    rescued: handle?.rescued,
    restarts,
    failures,
    nextStart: state === 'waiting' ? Math.max(0, nextStartAt - Date.now()) : undefined,
    generation,
    uptime: isAlive ? Date.now() - startedAt : 0,
    rss: facts?.rss,
    cpuSeconds: facts?.cpuSeconds,
    loopDelay: load === undefined ? undefined : loopDelay(load),
  };
}

/** What a worker wrote last may be garbage: it is the worker's own figure that is wrong then. */
function loopDelay({ stamp, isIdle }: Load): number {
  if (isIdle || stamp === 0n) return 0;
  return Math.max(0, Number(process.hrtime.bigint() - stamp) / 1e6);
}
