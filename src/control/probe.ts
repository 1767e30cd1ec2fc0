import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import { EvenkeelError } from '../errors.js';
import { controlDirectory, nameOfEntry, socketPath, surroundings } from './path.js';

/** Nobody listens there: the file is of a fleet that was killed, or there is none. */
const DEAD = new Set(['ECONNREFUSED', 'ENOENT']);
/** Too many connect at this moment. */
const BUSY = new Set(['EAGAIN', 'EBUSY']);

/** It is another user's: so Windows says of a pipe. */
const DENIED = new Set(['EPERM', 'EACCES']);

/** Whether a process listens at the control socket `path`.
 * @param another the answer where another user's does, which lets nobody else connect; without it that is an error
 * @throws the system's error where that cannot be seen, EACCES say */
export async function isLive(path: string, another?: boolean): Promise<boolean> {
  const socket = net.connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (DEAD.has(code)) return false;
    if (BUSY.has(code)) return true;
    if (DENIED.has(code) && another !== undefined) return another;
    throw error;
  } finally {
    socket.destroy();
  }
}

/** The names of this user's fleets that run. On Windows every user's pipes are in one place.
 * @throws the system's error where that cannot be seen; EvenkeelError ERR_UNSUPPORTED where nobody lists pipes: in Wine */
export async function runningFleets(): Promise<string[]> {
  const names = entries().flatMap((entry) => nameOfEntry(entry) ?? []);
  const live = await Promise.all(names.map((name) => isLive(socketPath(name), false)));
  return names.filter((_, i) => live[i]).sort();
}

function entries(): string[] {
  try {
    return readdirSync(controlDirectory());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // never was a fleet
    if (surroundings().uid !== undefined) throw error;
    throw new EvenkeelError(
      'ERR_UNSUPPORTED',
      `which fleets run cannot be seen here (${(error as Error).message}). Say which one with --name.`,
      { cause: error },
    );
  }
}
