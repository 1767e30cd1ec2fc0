import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EvenkeelError } from '../errors.js';

/** A lock is held for the time of a connect() to oneself. One as old as this, in ms, is of a process that was
 * killed in that moment, or of one that is to ask again (see isHeld). */
const ABANDONED_AFTER = 5000;
/** Milliseconds, of which a random part is left out: who has met another meets it again otherwise. */
const RETRY_INTERVAL = 40;
const PATIENCE = 10_000;
/** What follows the path: the process, and what no other lock has. */
const SUFFIX = /^\.\d+-[0-9a-f]{16}\.lock$/;

/** Of a path, one at a time, over all processes that use it this way.
 *
 * Who wants it makes a file beside the path, with a name that nobody else ever uses, and looks then whether there is
 * another's. Alone, it has the lock; otherwise it removes its own and tries again. Two cannot have it: the later one
 * of two files was made after the earlier one, so its owner sees that one. And who removes what somebody left behind
 * removes just that, however late it comes to it: no lock made meanwhile has the same name. */
export class Lock {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /** @throws EvenkeelError ERR_CONTROL_DIRECTORY where others hold it for 10 s; the system's error */
  static async acquire(target: string): Promise<Lock> {
    const end = performance.now() + PATIENCE;
    for (;;) {
      const lock = new Lock(`${target}.${process.pid}-${randomBytes(8).toString('hex')}.lock`);
      const other = lock.#make(target);
      if (other === undefined) return lock;
      if (performance.now() > end) {
        throw new EvenkeelError(
          'ERR_CONTROL_DIRECTORY',
          `${other} is held by another process that starts a fleet of this name. Does none start? Remove it.`,
        );
      }
      await sleep(RETRY_INTERVAL * Math.random());
    }
  }

  /** Not where this process was kept from going on, by a signal or a loop that blocked, for so long that another took
   * the lock for abandoned. */
  get isHeld(): boolean {
    return existsSync(this.#file);
  }

  release(): void {
    removeIfThere(this.#file);
  }

  /** @returns another's lock, because of which this one has not been taken */
  #make(target: string): string | undefined {
    writeFileSync(this.#file, '', { flag: 'wx', mode: 0o600 });
    let isAlone = false;
    try {
      const other = locksOf(target).find((file) => file !== this.#file && !removeIfAbandoned(file));
      isAlone = other === undefined;
      return other;
    } finally {
      if (!isAlone) this.release();
    }
  }
}

function locksOf(target: string): string[] {
  const directory = path.dirname(target);
  const base = path.basename(target);
  return readdirSync(directory)
    .filter((entry) => entry.startsWith(base) && SUFFIX.test(entry.slice(base.length)))
    .map((entry) => path.join(directory, entry));
}

/** @returns whether it is gone */
function removeIfAbandoned(file: string): boolean {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return true;
  if (Date.now() - status.mtimeMs <= ABANDONED_AFTER) return false;
  removeIfThere(file);
  return true;
}

export function removeIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
