import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import type { Server } from 'node:net';
import { Lock, removeIfThere } from './lock.js';
import { isLive } from './probe.js';

/** Has `server` listen at the Unix socket `path`, in place of a stale one. False: a live process has it.
 *
 * Whoever looks whether a socket is stale, and removes it, holds the lock of that path meanwhile: so nobody removes a
 * socket that another has just put in the stale one's place. An owner that ends removes its socket while it still
 * listens, and needs no lock.
 *
 * @throws the system's error; EvenkeelError ERR_CONTROL_DIRECTORY where the lock cannot be had */
export async function claimFile(server: Server, path: string): Promise<boolean> {
  for (;;) {
    const lock = await Lock.acquire(path);
    try {
      if (await isLive(path)) return false;
      if (!lock.isHeld) continue; // another may listen there since: look again
      removeIfThere(path);
      server.listen(path);
      // It listens already; what went wrong is said on the next tick. The directory keeps others out until here.
      if (server.listening) chmodSync(path, 0o600);
      await once(server, 'listening');
      return true;
    } finally {
      lock.release();
    }
  }
}

/** The same with a named pipe, which ends with its process. False, too, where another user's process has it. Windows opens
 * no second one of the name; Wine does, and there two that start in the same moment both have it.
 * @throws the system's error */
export async function claimPipe(server: Server, pipe: string): Promise<boolean> {
  if (await isLive(pipe, true)) return false;
  server.listen(pipe);
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
