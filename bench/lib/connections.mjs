// Which connections a process has inside; see proc_net_tcp of the kernel's documentation.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const ESTABLISHED = '01';
const CLOSE_WAIT = '08';

/** How many connections to a port a process has accepted and not closed: they die with it. What waits in an
 * accept queue is not among them: it belongs to nobody yet. */
export function connectionsInside(pid, port) {
  const open = new Set(inodes(port));
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
    return inode !== undefined && open.has(inode);
  }).length;
}

/** The server's ends of connections to a port, by inode; 0 stands for one in an accept queue. */
function inodes(port) {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n'));
  return rows.flatMap((row) => {
    const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
    const isOpen = state === ESTABLISHED || state === CLOSE_WAIT;
    return isOpen && local.endsWith(end) && inode !== '0' ? [inode] : [];
  });
}
