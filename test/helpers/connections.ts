import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const ESTABLISHED = '01';
const CLOSE_WAIT = '08';
const SYN_RECV = '03';

/** The server's ends of connections to a port of this machine, by inode (0: in an accept queue). See
 * proc_net_tcp of the kernel's documentation. */
export function connectionsTo(port: number): string[] {
  return inStates(port, [ESTABLISHED, CLOSE_WAIT]);
}

/** Handshakes under way: who is connected by his own account, while the kernel here waits for his data. */
export function deferredTo(port: number): number {
  return inStates(port, [SYN_RECV]).length;
}

function inStates(port: number, states: string[]): string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFileSync(file, 'utf8'));
  const rows = tables.flatMap((table) => table.split('\n').map((row) => row.trim().split(/\s+/)));
  return rows.flatMap(([, local, , state, , , , , , inode]) => {
    const isOne = states.includes(state ?? '') && local?.endsWith(end);
    return isOne && inode !== undefined ? [inode] : [];
  });
}

/** How many connections to a port a process has accepted and not closed. */
export function connectionsInside(pid: number, port: number): number {
  const open = new Set(connectionsTo(port).filter((inode) => inode !== '0'));
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
    return inode !== undefined && open.has(inode);
  }).length;
}
