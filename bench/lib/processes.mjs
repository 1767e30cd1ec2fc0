// What /proc says of processes; see proc(5).
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Every process below `pid`, itself included. */
export function tree(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => tree(Number(child))))];
}

/** CPU time of the processes so far, in µs: user and system, of all their threads, those that ended too.
 * @param {number[]} pids
 * @param {{withDead?: boolean}} options withDead: that of the children they had, too */
export function cpuTime(pids, { withDead = false } = {}) {
  let ticks = 0;
  for (const pid of pids) {
    const [user, system, usersDead, systemsDead] = stat(pid).slice(11, 15).map(Number);
    ticks += user + system + (withDead ? usersDead + systemsDead : 0);
  }
  return secondsOf(ticks) * 1e6;
}

export function secondsOf(ticks) {
  return ticks / TICKS_PER_SECOND;
}

/** R: running, S: sleeping, T: stopped, Z: dead and not yet waited for; undefined: gone. */
export function stateOf(pid) {
  try {
    return stat(pid)[0];
  } catch {
    return undefined;
  }
}

export function isAlive(pid) {
  const state = stateOf(pid);
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** The fields behind the name: the state is the first. The name may have spaces and brackets in it. */
function stat(pid) {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return line.slice(line.lastIndexOf(') ') + 2).split(' ');
}
