import type { FleetStatus, WorkerStatus } from '../fleet-status.js';
import { bytes, type Column, count, cut, milliseconds, NOTHING, percent, table } from './format.js';
import { headLines, optional } from './status.js';

export interface Size {
  columns: number;
  rows: number;
}

export interface Line {
  text: string;
  style?: 'title' | 'bold' | 'dim';
}

export interface View {
  current: FleetStatus;
  /** The one before it, for what is said by the second. */
  previous: FleetStatus | undefined;
  /** How what was last asked for goes. */
  message: string;
}

interface Row {
  worker: WorkerStatus;
  /** Connections a second. */
  rate: number | undefined;
  /** Part of a CPU. */
  cpu: number | undefined;
}

/** Rows from which on there is one to spare. */
const ROOMY = 16;
const KEYS = 'r reload   + - scale   q quit';

const COLUMNS: readonly Column<Row>[] = [
  { title: 'id', cell: ({ worker }) => optional(worker.id, String) },
  { title: 'pid', cell: ({ worker }) => optional(worker.pid, String) },
  { title: 'gen', cell: ({ worker }) => String(worker.generation) },
  { title: 'state', align: 'left', cell: ({ worker }) => worker.state },
  { title: 'conns', cell: ({ worker }) => optional(worker.connections, count) },
  { title: 'conn/s', cell: ({ rate }) => optional(rate, count) },
  { title: 'cpu', cell: ({ cpu }) => optional(cpu, percent) },
  { title: 'mem', cell: ({ worker }) => optional(worker.rss, bytes) },
  { title: 'loop ms', cell: ({ worker }) => optional(worker.loopDelay, milliseconds) },
  { title: 'restarts', cell: ({ worker }) => count(worker.restarts) },
  { title: 'stalls', cell: ({ worker }) => stalls(worker) },
];

/** The whole screen: as many lines as it has rows, none longer than it is wide.
 * @param now in ms since 1970 */
export function renderTop(
  { current, previous, message }: View,
  { columns, rows }: Size,
  now: number,
): Line[] {
  const list = current.workers.map((worker) => rowOf(worker, current, previous));
  const [title = '', ...body] = table(COLUMNS, list, columns);
  const total = previous === undefined ? undefined : sumOfRates(list);
  const [name = '', ...facts] = headLines(current, now, total);
  const gap = rows < ROOMY ? [] : [{ text: '' }];
  const head: Line[] = [{ text: name, style: 'bold' }, ...facts.map((text) => ({ text })), ...gap];
  const foot: Line[] = [{ text: message }, { text: KEYS, style: 'dim' }];
  const room = Math.max(0, rows - head.length - foot.length - 1);
  const lines = [
    ...head,
    { text: title.padEnd(columns), style: 'title' } as const,
    ...fitting(body, room).map((text) => ({ text })),
    ...foot,
  ];
  // Where there is no room for all of it, what is said last goes.
  return lines.slice(0, rows).map((line) => ({ ...line, text: cut(line.text, columns) }));
}

/** Exactly so many lines; how many are missing is said. */
function fitting(body: readonly string[], room: number): string[] {
  const blank = Array<string>(Math.max(0, room - body.length)).fill('');
  if (body.length <= room) return [...body, ...blank];
  if (room === 0) return [];
  const shown = body.slice(0, room - 1);
  return [...shown, `… ${body.length - shown.length} more: a higher terminal shows them`];
}

function rowOf(worker: WorkerStatus, current: FleetStatus, previous: FleetStatus | undefined): Row {
  // A new process in an old place is a new worker.
  const before = previous?.workers.find(({ id, pid }) => id === worker.id && pid === worker.pid);
  if (previous === undefined) return { worker, rate: undefined, cpu: undefined };
  const seconds = (current.uptime - previous.uptime) / 1000;
  const perSecond = (now: number | undefined, then: number | undefined): number | undefined =>
    now === undefined || seconds <= 0 ? undefined : Math.max(0, now - (then ?? 0)) / seconds;
  return {
    worker,
    rate: perSecond(worker.accepted, before?.accepted),
    cpu: before === undefined ? undefined : perSecond(worker.cpuSeconds, before.cpuSeconds),
  };
}

function sumOfRates(rows: readonly Row[]): number {
  return rows.reduce((total, { rate }) => total + (rate ?? 0), 0);
}

/** Times its loop was blocked, and the connections that others served meanwhile. */
function stalls({ stalls: times, rescued }: WorkerStatus): string {
  if (times === undefined || times === 0) return NOTHING;
  return `${count(times)}/${count(rescued ?? 0)}`;
}
