import { readFileSync } from 'node:fs';

/** A process's main thread, as the system sees it just now. */
export interface MainThread {
  /** The letter of proc(5): R runs or waits for a processor, S sleeps, T is stopped, t is held by a debugger. */
  state: string;
  /** Processor time since its start, ms. */
  cpu: number;
}

/** A tick of /proc, ms: USER_HZ is 100 on every platform Node runs on. */
const TICK = 10;

/** Undefined where it cannot be had: the process is gone, or this is not Linux. */
export function mainThread(pid: number): MainThread | undefined {
  try {
    return parseThread(readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8'));
  } catch {
    return undefined; // no such file, or no descriptor to read it with just now: the next look asks again
  }
}

/** Of the text of /proc/<pid>/task/<tid>/stat. */
export function parseThread(stat: string): MainThread | undefined {
  // The second field is the program's name, which may have spaces and parentheses in it.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime] = [fields[10], fields[11]];
  if (!state || utime === undefined || stime === undefined) return undefined;
  return { state, cpu: TICK * (Number(utime) + Number(stime)) };
}
