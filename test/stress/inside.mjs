import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { pause } from './clock.mjs';

const DEADLINE = 2000;

/** Waits, without letting anything else run, until SIGSTOP has taken effect. False: the process is gone. */
export function waitStopped(pid) {
  const end = Date.now() + DEADLINE;
  while (Date.now() < end) {
    const state = stateOf(pid);
    if (state === 'T') return true;
    if (state === undefined || state === 'Z') return false;
    pause(0.1);
  }
  throw new Error(`SIGSTOP had no effect on ${pid} within ${DEADLINE} ms`);
}

/** As proc_pid_stat(5) has it; undefined: no such process. */
export function stateOf(pid) {
  try {
    return /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** The inodes of a process's sockets. What a stopped process has accepted is among them, also what its own
 * code has not seen yet. */
export function socketsOf(pid) {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []).map(Number);
}

export const descriptorsOf = (pid) => readdirSync(`/proc/${pid}/fd`).length;

function linkOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}
