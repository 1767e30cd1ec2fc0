import { readFileSync } from 'node:fs';

/** What the system knows of a process. */
export interface ProcessFacts {
  /** Resident memory, bytes. */
  rss: number;
  /** Processor time of all its threads since its start, seconds. */
  cpuSeconds: number;
}

/** A tick of /proc/<pid>/stat: USER_HZ is 100 on every platform Node runs on. */
const TICKS_PER_SECOND = 100;

/** Undefined where they cannot be had: the process is gone, or this is not Linux. */
export function processFacts(pid: number): ProcessFacts | undefined {
  try {
    return parseFacts(readFileSync(`/proc/${pid}/status`, 'utf8'), readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined; // no such file, or no descriptor to read it with just now: the next look asks again
  }
}

/** Of the text of /proc/<pid>/status and /proc/<pid>/stat, see proc(5). Undefined where they do not say: a process
 * that has ended and was not waited for has no memory. (/proc/<pid>/statm counts in pages, whose size is not known.) */
export function parseFacts(status: string, stat: string): ProcessFacts | undefined {
  const rss = status.match(/^VmRSS:\s*(\d+) kB$/m)?.[1];
  // The second field is the program's name, which may have spaces and parentheses in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime] = [fields[11], fields[12]];
  if (rss === undefined || utime === undefined || stime === undefined) return undefined;
  return { rss: Number(rss) * 1024, cpuSeconds: (Number(utime) + Number(stime)) / TICKS_PER_SECOND };
}
