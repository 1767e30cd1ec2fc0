// Which CPUs the load and the servers run on: apart, where there are cores for both, so that the load generator takes
// nothing from what it measures. On fewer they share them, and that is said.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { usableCpus } from '../../dist/cpus.js';

/** On fewer, the servers would have one. */
const CORES_NEEDED = 4;

/** To make and answer a connection on loopback takes about 3 to 5 of the load and its server: so share the cores the
 * two, and neither keeps the other from its most. Hardware threads of one core stay together. Pure.
 * @param {number[][]} cores each with its CPUs
 * @returns {{load: number[], servers: number[]} | undefined} undefined: too few to divide */
export function divide(cores) {
  if (cores.length < CORES_NEEDED) return undefined;
  const servers = cores.length - Math.floor((cores.length * 3) / 8);
  return { load: cores.slice(servers).flat(), servers: cores.slice(0, servers).flat() };
}

/** '0-2,8' is [0, 1, 2, 8]: the form of the kernel's cpu lists. */
export function cpusOf(list) {
  return list
    .trim()
    .split(',')
    .flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/** The cores this process may use; see sysfs-devices-system-cpu of the kernel's documentation. */
function allowedCores() {
  const allowed = cpusOf(/^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  const siblings = allowed.map((cpu) => {
    const file = `/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`;
    return cpusOf(readFileSync(file, 'utf8')).filter((one) => allowed.includes(one));
  });
  return siblings.filter((core, i) => core[0] === allowed[i]);
}

/** As it was when the bench began, before it was pinned itself. */
const placement = place();

function place() {
  if (process.platform !== 'linux') return { why: 'only Linux is known how to be asked' };
  try {
    const cores = allowedCores();
    const quota = usableCpus();
    if (quota < cores.flat().length) return { why: `a quota of ${quota} CPUs, wherever they are` };
    return divide(cores) ?? { why: `${cores.length} of the ${CORES_NEEDED} cores it takes` };
  } catch (error) {
    return { why: error.message }; // a sandbox without /sys
  }
}

/** How many CPUs the servers have, or share with the load. */
export const serverCpus = placement.servers?.length ?? usableCpus();

/** How many threads, or processes, of load generators there are CPUs for. */
export const loadThreads = placement.load?.length ?? Math.max(1, Math.floor(serverCpus / 2));

/** The servers have their CPUs for themselves. */
export const isDivided = placement.servers !== undefined;

/** What a server's command begins with. */
export const onServerCpus = placement.servers === undefined ? [] : onCpus(placement.servers);

export function onCpus(cpus) {
  return ['taskset', '--cpu-list', cpus.join(',')];
}

/** Moves this process with all its threads, and so whatever it starts from now on: the load generators.
 * @returns {string} for the report
 * @throws where the system refuses */
export function pinLoad({ load, servers, why } = placement) {
  if (load === undefined) return `the load shares the servers' CPUs: ${why}`;
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', load.join(','), String(process.pid)]);
  return `the load on CPUs ${load.join(' ')}, the servers on ${servers.join(' ')}`;
}
