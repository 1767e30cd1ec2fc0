import os from 'node:os';

/** Times of all CPUs together, in units that do not matter. */
export interface CpuTimes {
  idle: number;
  total: number;
}

/** All zero where the system does not say. */
export function cpuTimes(): CpuTimes {
  const times = os.cpus().flatMap((cpu) => cpu.times);
  const idle = times.reduce((sum, one) => sum + one.idle, 0);
  const busy = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0);
  return { idle, total: idle + busy };
}

/** The share of time, 0 to 1, for which the CPUs were busy between two looks. Undefined where their clocks stand: no tick
 * has passed yet, or nobody counts, or could not look, for want of descriptors say. */
export function busyShare(before: CpuTimes, after: CpuTimes): number | undefined {
  const total = after.total - before.total;
  if (before.total === 0 || total <= 0) return undefined;
  return Math.min(1, Math.max(0, 1 - (after.idle - before.idle) / total));
}
