import { readFileSync } from 'node:fs';

/** What a process has in memory, in MiB. rss: all of it; pss: of what it shares, its part, so that it has less the
 * more processes share (any Node on the machine has the same code); own: what it has written, and shares with nobody. */
export function memoryOf(pid) {
  return parse(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
}

/** See proc_pid_smaps of the kernel's documentation. Pure. */
export function parse(rollup) {
  const size = (name) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(rollup)[1]) / 1024;
  return { rss: size('Rss'), pss: size('Pss'), own: size('Private_Dirty') };
}

/** What processes take that share their code: what each has of its own, and the rest of the largest once. Unlike the
 * sum of their pss it does not depend on who else runs. Pure. */
export function together(sizes) {
  const own = sizes.reduce((total, one) => total + one.own, 0);
  return own + Math.max(...sizes.map((one) => one.rss - one.own));
}
