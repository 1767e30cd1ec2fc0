import { readFileSync } from 'node:fs';
import { processFacts } from '../primary/process-facts.js';

/** For how many seconds a process has been busy since its start; undefined where that cannot be had. */
export type BusyTime = (pid: number) => number | undefined;

/** For how long the main thread, whose work is the event loop, has run or waited for a CPU. What waits is busy too: on a
 * machine with too few CPUs, or with its cgroup's quota used up, a loop that never sleeps may have run for a
 * tenth of the time. Linux, where the kernel keeps account of it (CONFIG_SCHED_INFO, as distributions have it).
 * Source: kernel doc scheduler/sched-stats, /proc/<pid>/schedstat. */
export const runnableSeconds: BusyTime = (pid) => {
  try {
    return parseSchedstat(readFileSync(`/proc/${pid}/schedstat`, 'utf8'));
  } catch {
    return undefined; // no such file, or no descriptor to read it with just now: the next check asks again
  }
};

/** Nanoseconds on a CPU, nanoseconds waiting for one, and turns; zeroes where nobody counts. */
export function parseSchedstat(text: string): number | undefined {
  const [, ran, waited, turns] = /^(\d+) (\d+) (\d+)\s*$/.exec(text) ?? [];
  if (turns === undefined || turns === '0') return undefined;
  return (Number(ran) + Number(waited)) / 1e9;
}

/** Processor time of all threads: never less than that of the event loop. */
export const cpuSeconds: BusyTime = (pid) => processFacts(pid)?.cpuSeconds;

/** The better one of those that can be had here. */
export function chooseBusyTime(): BusyTime | undefined {
  return [runnableSeconds, cpuSeconds].find((read) => read(process.pid) !== undefined);
}
