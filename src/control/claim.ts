import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, lstatSync, renameSync } from 'node:fs';
import type { Server } from 'node:net';
import path from 'node:path';
import { Lock, removeIfThere } from './lock.js';
import { isLive } from './probe.js';

/** Gives the name back; the server is to be closed after that. */
export type Release = () => void;

/** Has `server` listen at the Unix socket `target`, in place of a stale one. Undefined: a live process has it.
 *
 * Whoever looks whether a socket is stale, and replaces it, holds the lock of that path meanwhile: so nobody replaces a
 * socket that another has just put in the stale one's place.
 *
 * @throws the system's error; EvenkeelError ERR_CONTROL_DIRECTORY where the lock cannot be had */
export async function claimFile(server: Server, target: string): Promise<Release | undefined> {
  for (;;) {
    const lock = await Lock.acquire(target);
    try {
      if (await isLive(target)) return undefined;
      if (!lock.isHeld) continue; // another may listen there since: look again
      return await listenAt(server, target);
    } finally {
      lock.release();
    }
  }
}

/** libuv removes what a server was bound to when that is closed, whoever's it is then: so it is bound to a name that
 * nobody else has, and renamed. */
async function listenAt(server: Server, target: string): Promise<Release> {
  const own = path.join(path.dirname(target), temporaryName());
  server.listen(own);
  if (!server.listening) await once(server, 'listening'); // throws what went wrong
  try {
    chmodSync(own, 0o600); // the directory keeps others out until here
    const { dev, ino } = lstatSync(own);
    renameSync(own, target);
    await once(server, 'listening');
    return () => {
      // Nobody else's has that inode while this one is open; and as it listens still, nobody takes it for stale, and
      // puts another there in this moment.
      const there = lstatSync(target, { throwIfNoEntry: false });
      if (there?.dev === dev && there.ino === ino) removeIfThere(target);
    };
  } catch (error) {
    server.close();
    throw error;
  }
}

/** Not longer than the shortest name of a socket: a path has only so many bytes. */
function temporaryName(): string {
  return `.${randomBytes(3).toString('base64url')}`;
}

/** The same with a named pipe, which ends with its process. Undefined, too, where another user's process has it. Windows opens
 * no second one of the name; Wine does, and there two that start in the same moment both have it.
 * @throws the system's error */
export async function claimPipe(server: Server, pipe: string): Promise<Release | undefined> {
  if (await isLive(pipe, true)) return undefined;
  server.listen(pipe);
  try {
    await once(server, 'listening');
    return () => {};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
