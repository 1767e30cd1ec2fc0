import { readFileSync } from 'node:fs';

/** What a process takes of its machine. */
export interface ProcessFacts {
  /** Resident memory, bytes. */
  rss: number | undefined;
  /** Processor time used, user and system, seconds. */
  cpuSeconds: number | undefined;
}

/** What /proc counts processor time in; USER_HZ is 100 everywhere. See proc(5). */
const TICKS_PER_SECOND = 100;

/** Undefined where there is no such process (any more), or no /proc. */
export function processFacts(pid: number | undefined): ProcessFacts | undefined {
  if (pid === undefined) return undefined;
  try {
    return parseFacts(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** `status` and not statm, which counts in pages: nothing in Node says how large those are. */
export function parseFacts(stat: string, status: string): ProcessFacts {
  // The name, in parentheses, may have any characters: what follows begins after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]; // not of a zombie
  return {
    rss: kilobytes === undefined ? undefined : Number(kilobytes) * 1024,
    cpuSeconds: Number.isFinite(ticks) ? ticks / TICKS_PER_SECOND : undefined,
  };
}
