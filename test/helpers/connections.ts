import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const ESTABLISHED = '01';
const CLOSE_WAIT = '08';

/** The server's ends of connections to a port of this machine, by inode (0: in an accept queue). See
 * proc_net_tcp of the kernel's documentation. */
export function connectionsTo(port: number): string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFileSync(file, 'utf8'));
  const rows = tables.flatMap((table) => table.split('\n').map((row) => row.trim().split(/\s+/)));
  return rows.flatMap(([, local, , state, , , , , , inode]) => {
    const isOpen = state === ESTABLISHED || state === CLOSE_WAIT;
    return isOpen && local?.endsWith(end) && inode !== undefined ? [inode] : [];
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

/** How many connections to a port are in such a state, `syn-recv` say; see ss(8). Much quicker than /proc. */
export function connectionsIn(state: string, port: number): number {
  const args = ['-Hatn', 'state', state, `sport = :${port}`];
  return execFileSync('ss', args, { encoding: 'utf8' }).split('\n').length - 1;
}
