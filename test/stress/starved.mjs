import { readFileSync } from 'node:fs';
import { now } from './clock.mjs';

const TICK = 10;
const WORTH_TELLING = 5;

/** When the machine did not run a worker that wanted to run: the time in a run queue, the second number of
 * /proc/<pid>/schedstat (sched-stats of the kernel's documentation). `pids` says whom to look at. Returns an
 * end, which tells of the times above a few milliseconds: `{pid, from, to}` each. */
export function watchStarvation(pids) {
  const starved = [];
  let before = new Map();
  const timer = setInterval(() => {
    const at = now();
    const waits = new Map();
    for (const pid of pids()) {
      const waited = waitOf(pid);
      if (waited === undefined) continue;
      waits.set(pid, waited);
      const more = waited - (before.get(pid) ?? waited);
      if (more > WORTH_TELLING) starved.push({ pid, from: at - more, to: at });
    }
    before = waits;
  }, TICK);
  return () => {
    clearInterval(timer);
    return starved;
  };
}

/** Milliseconds; undefined: it is gone. */
function waitOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return undefined;
  }
}
