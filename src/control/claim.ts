import { once } from 'node:events';
import { chmodSync, mkdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:net';
import { EvenkeelError } from '../errors.js';
import { isLive } from './probe.js';

/** A lock is held for the time of a connect() to oneself. One as old as this, in ms, is of a process that was
 * killed in that moment. */
const ABANDONED_AFTER = 5000;
/** Milliseconds. */
const RETRY_INTERVAL = 20;
const PATIENCE = 10_000;

/** Has `server` listen at the Unix socket `path`, in place of a stale one. False: a live process has it.
 *
 * Whoever looks whether a socket is stale, and removes it, holds the lock of that path meanwhile, a directory: so
 * nobody removes a socket that another has just put in the stale one's place. An owner that ends removes its
 * socket while it still listens, and needs no lock.
 *
 * @throws the system's error; EvenkeelError ERR_CONTROL_DIRECTORY where the lock cannot be had */
export async function claimFile(server: Server, path: string): Promise<boolean> {
  const lock = `${path}.lock`;
  await acquire(lock);
  try {
    if (await isLive(path)) return false;
    removeIfThere(path);
    server.listen(path);
    // It listens already; what went wrong is said on the next tick. The directory keeps others out until here.
    if (server.listening) chmodSync(path, 0o600);
    await once(server, 'listening');
    return true;
  } finally {
    rmdirSync(lock);
  }
}

/** The same with a named pipe, which ends with its process. Windows opens no second one of the name; Wine does, and
 * there two that start in the same moment both have it.
 * @throws the system's error */
export async function claimPipe(server: Server, pipe: string): Promise<boolean> {
  if (await isLive(pipe)) return false;
  server.listen(pipe);
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

async function acquire(lock: string): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!tryAcquire(lock)) {
    if (performance.now() > end) {
      throw new EvenkeelError(
        'ERR_CONTROL_DIRECTORY',
        `${lock} is held by another process that starts a fleet of this name. Does none start? Remove it.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL));
  }
}

function tryAcquire(lock: string): boolean {
  try {
    mkdirSync(lock, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (isAbandoned(lock)) rmdirSync(lock);
  return false;
}

function isAbandoned(lock: string): boolean {
  const status = statSync(lock, { throwIfNoEntry: false });
  return status !== undefined && Date.now() - status.mtimeMs > ABANDONED_AFTER;
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
