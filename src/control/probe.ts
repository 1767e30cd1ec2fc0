import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import { EvenkeelError } from '../errors.js';
import { controlDirectory, nameOfEntry, socketPath, surroundings } from './path.js';

/** Nobody listens there: the file is of a fleet that was killed, or there is none. */
const DEAD = new Set(['ECONNREFUSED', 'ENOENT']);
/** Too many connect at this moment. */
const BUSY = new Set(['EAGAIN', 'EBUSY']);

/** Whether a process listens at the control socket `path`.
 * @throws the system's error where that cannot be seen, EACCES say */
export async function isLive(path: string): Promise<boolean> {
  const socket = net.connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (DEAD.has(code)) return false;
    if (BUSY.has(code)) return true;
    throw error;
  } finally {
    socket.destroy();
  }
}

/** The names of this user's fleets that run.
 * @throws the system's error where that cannot be seen; EvenkeelError ERR_UNSUPPORTED where nobody lists pipes: in Wine */
export async function runningFleets(): Promise<string[]> {
  const names = entries().flatMap((entry) => nameOfEntry(entry) ?? []);
  const live = await Promise.all(names.map((name) => isLive(socketPath(name))));
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
