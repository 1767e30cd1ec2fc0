import type { FleetStatus, WorkerStatus } from '../fleet-status.js';
import { CRASH_LOOP } from '../primary/backoff.js';
import {
  bytes,
  type Column,
  count,
  duration,
  listenerName,
  NOTHING,
  percent,
  plain,
  table,
} from './format.js';

const COLUMNS: readonly Column<WorkerStatus>[] = [
  { title: 'id', cell: ({ id }) => optional(id, String) },
  { title: 'pid', cell: ({ pid }) => optional(pid, String) },
  { title: 'gen', cell: ({ generation }) => String(generation) },
  { title: 'state', align: 'left', cell: ({ state }) => state },
  { title: 'conns', cell: ({ connections }) => optional(connections, count) },
  { title: 'accepted', cell: ({ accepted }) => optional(accepted, count) },
  { title: 'restarts', cell: ({ restarts }) => count(restarts) },
  { title: 'uptime', cell: ({ uptime }) => duration(uptime) },
  { title: 'cpu', cell: (worker) => optional(cpuOfLife(worker), percent) },
  { title: 'mem', cell: ({ rss }) => optional(rss, bytes) },
];

/** What `evenkeel status` says, at most 80 characters a line but for names and reasons.
 * @param now in ms since 1970 */
export function describeStatus(status: FleetStatus, now: number): string {
  const { workers } = status;
  const lines = [...headLines(status, now), '', ...table(COLUMNS, workers)];
  const notes = workers.flatMap(noteOn);
  return [...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

/** Who it is, where it listens, how it is. */
export function headLines(status: FleetStatus, now: number, perSecond?: number): string[] {
  const { name, strategy, policy, generation, pid, uptime, listeners, queued } = status;
  const rate = perSecond === undefined ? [] : [`${count(perSecond)}/s`];
  const figures = [
    statesOf(status),
    `${count(sum(status.workers, ({ connections }) => connections))} connections`,
    ...rate,
    ...(queued === undefined ? [] : [`${count(queued)} queued`]),
  ];
  return [
    `${plain(name)}  ${strategy}/${policy}  generation ${generation}  pid ${pid}  up ${duration(uptime)}`,
    listeners.length === 0 ? 'no listener is known' : listeners.map(listenerName).map(plain).join(', '),
    figures.join(', '),
    ...reloadLine(status, now),
  ];
}

/** `4 workers: 3 ready, 1 starting` */
function statesOf({ workers, size }: FleetStatus): string {
  const states = new Map<string, number>();
  for (const { state } of workers) states.set(state, (states.get(state) ?? 0) + 1);
  const parts = [...states].map(([state, number]) => `${number} ${state}`).join(', ');
  return `${size} worker${size === 1 ? '' : 's'}: ${parts || 'none yet'}`;
}

function reloadLine({ reloading, lastReload, generation }: FleetStatus, now: number): string[] {
  if (reloading) return [`reloading to generation ${generation}`];
  if (lastReload === undefined) return [];
  const ago = `${duration(Math.max(0, now - lastReload.at))} ago`;
  if (lastReload.ok) return [`reloaded ${ago}`];
  return [`reload to generation ${lastReload.generation} failed ${ago}: ${plain(lastReload.error ?? '')}`];
}

/** What a row has no room for. */
function noteOn({ id, failures, nextStart }: WorkerStatus): string[] {
  if (nextStart === undefined) return [];
  const loop = failures >= CRASH_LOOP ? 'crash loop: ' : '';
  const times = failures === 1 ? 'once' : `${failures} times in a row`;
  return [`${loop}worker ${id ?? NOTHING} failed ${times}; next try in ${duration(nextStart + 999)}`];
}

/** Part of a CPU, as ps has it: over its whole life. */
function cpuOfLife({ cpuSeconds, uptime }: WorkerStatus): number | undefined {
  return cpuSeconds === undefined || uptime === 0 ? undefined : cpuSeconds / (uptime / 1000);
}

export function optional(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? NOTHING : format(value);
}

export function sum(
  workers: readonly WorkerStatus[],
  of: (worker: WorkerStatus) => number | undefined,
): number {
  return workers.reduce((total, worker) => total + (of(worker) ?? 0), 0);
}
