import type { ListenerStatus } from '../fleet-status.js';

/* Figures for people, each of them short: of at most 5 characters where not said otherwise. */

const MEGA = 1024 * 1024;

/** What a worker does not say. */
export const NOTHING = '-';

export function count(value: number): string {
  if (value < 100_000) return String(Math.round(value));
  if (value < 999_500) return `${Math.round(value / 1000)}k`;
  if (value < 999.5e6) return `${short(value / 1e6)}M`;
  return `${short(value / 1e9)}G`;
}

export function bytes(value: number): string {
  const megabytes = value / MEGA;
  return megabytes < 1023.5 ? `${Math.round(megabytes)}M` : `${short(megabytes / 1024)}G`;
}

/** @param part 1 is 100%: one CPU */
export function percent(part: number): string {
  return `${Math.round(part * 100)}%`;
}

/** @param ms at most 6 characters up to 11 days */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (minutes === 0) return `${seconds}s`;
  if (hours === 0) return `${minutes}m${padded(seconds % 60)}s`;
  if (days === 0) return `${hours}h${padded(minutes % 60)}m`;
  return days < 100 ? `${days}d${padded(hours % 24)}h` : `${days}d`;
}

/** A number of milliseconds, without the unit. */
export function milliseconds(ms: number): string {
  return ms < 9.95 ? ms.toFixed(1) : count(ms);
}

function short(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}

function padded(value: number): string {
  return String(value).padStart(2, '0');
}

/** `one worker`, `2 workers` */
export function workersOf(number: number): string {
  return number === 1 ? 'one worker' : `${number} workers`;
}

/** Without what would act on a terminal. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}

/** At most so many characters; that something is missing shows. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? '' : `${text.slice(0, width - 1)}…`;
}

export function urlOf({ protocol, address, family, port }: ListenerStatus): string {
  const isAny = address === '::' || address === '0.0.0.0';
  const host = isAny ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  const url = `${protocol}://${host}:${port}`;
  return isAny ? `${url} (${family === 'IPv6' ? `[${address}]` : address}, all addresses)` : url;
}

/** The same, as short as it can be said: `http *:8080`. */
export function listenerName({ protocol, address, family, port }: ListenerStatus): string {
  const isAny = address === '::' || address === '0.0.0.0';
  const host = isAny ? '*' : family === 'IPv6' ? `[${address}]` : address;
  return `${protocol} ${host}:${port}`;
}

export interface Column<Row> {
  title: string;
  align?: 'left';
  cell: (row: Row) => string;
}

/** A line of titles and one for each row, the columns two characters apart; one, where the lines would be longer
 * than `width`. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const cells = columns.map(({ title, cell, align }) => {
    const texts = [title, ...rows.map(cell)];
    const width = Math.max(...texts.map((text) => text.length));
    return texts.map((text) => (align === 'left' ? text.padEnd(width) : text.padStart(width)));
  });
  const lines = (gap: string): string[] =>
    Array.from({ length: rows.length + 1 }, (_, i) =>
      cells
        .map((column) => column[i])
        .join(gap)
        .trimEnd(),
    );
  const wide = lines('  ');
  return wide.every((line) => line.length <= width) ? wide : lines(' ');
}
