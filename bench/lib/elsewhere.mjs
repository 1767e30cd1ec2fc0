// How much of the machine others used meanwhile. Far above 0, a measurement is of them, not of the contestant.
import { readFileSync } from 'node:fs';
import { cpuTime, secondsOf, tree } from './processes.mjs';

/** Call the result at the end: how many CPUs, on average, were busy with what is not below this process, or taken
 * by the hypervisor. Interrupts are left out: on a bench machine they are the load's own packets. */
export function watchOthers() {
  const begun = performance.now();
  const before = others();
  return () => Math.max(0, others() - before) / ((performance.now() - begun) / 1000);
}

/** CPU seconds of all processes but ours, so far. */
function others() {
  const [, user, nice, system, , , , , steal] = readFileSync('/proc/stat', 'utf8')
    .split(/\s+/, 9)
    .map(Number);
  const ours = cpuTime(tree(process.pid), { withDead: true }) / 1e6;
  return secondsOf(user + nice + system + steal) - ours;
}
