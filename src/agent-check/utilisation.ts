import type { BusyTime } from './busy-time.js';
import { approach } from './headroom.js';
import { busyShare, type CpuTimes } from './machine.js';

/** Milliseconds from one measurement to the next at least, however many ask. */
const INTERVAL = 500;

export interface Readings {
  busyTime: BusyTime | undefined;
  cpuTimes: () => CpuTimes;
}

interface Sample {
  /** Milliseconds of any beginning. */
  at: number;
  cpus: CpuTimes;
  /** Seconds, by pid. */
  busy: ReadonlyMap<number, number>;
}

/** How much of what a fleet can do it does, smoothed: the mean of its workers, or the machine's where that is more, as
 * others may use it, too. Measured when somebody asks: no timer runs. */
export class Utilisation {
  readonly #readings: Readings;
  #last: Sample | undefined;
  #headroom = 1;
  #isKnown = false;

  constructor(readings: Readings) {
    this.#readings = readings;
  }

  /** 0 to 1, of the workers with these pids. Undefined at first, and where nothing can be measured. */
  of(pids: readonly number[], now: number): number | undefined {
    const last = this.#last;
    if (last === undefined || now - last.at >= INTERVAL) this.#last = this.#take(pids, now, last);
    return this.#isKnown ? 1 - this.#headroom : undefined;
  }

  #take(pids: readonly number[], at: number, last: Sample | undefined): Sample {
    const busy = new Map<number, number>();
    for (const pid of pids) {
      const seconds = this.#readings.busyTime?.(pid);
      if (seconds !== undefined) busy.set(pid, seconds);
    }
    const sample = { at, cpus: this.#readings.cpuTimes(), busy };
    if (last === undefined) return sample;
    const shares = [workersShare(last, sample), busyShare(last.cpus, sample.cpus)];
    const known = shares.filter((share) => share !== undefined);
    if (known.length > 0) {
      this.#headroom = approach(this.#headroom, 1 - Math.max(...known), (at - last.at) / 1000);
      this.#isKnown = true;
    }
    return sample;
  }
}

/** The mean share of time for which workers were busy, 0 to 1. One that was not there before counts as idle: it has just
 * started, and the time that takes is no load. */
function workersShare(before: Sample, after: Sample): number | undefined {
  const elapsed = (after.at - before.at) / 1000;
  let sum = 0;
  for (const [pid, seconds] of after.busy) {
    const spent = seconds - (before.busy.get(pid) ?? seconds);
    sum += Math.min(1, Math.max(0, spent / elapsed));
  }
  return after.busy.size === 0 ? undefined : sum / after.busy.size;
}
