import { type Stats, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EvenkeelError } from '../errors.js';

/** The file Node would run for `entry`, absolute.
 * @throws EvenkeelError ERR_ENTRY_NOT_FOUND, ERR_ENTRY_NOT_A_FILE */
export function resolveEntry(entry: string, cwd = process.cwd()): string {
  const absolute = path.resolve(cwd, entry);
  const stats = look(entry, absolute);
  if (stats?.isFile()) return absolute;
  if (stats !== undefined) {
    throw new EvenkeelError(
      'ERR_ENTRY_NOT_A_FILE',
      `cannot run ${entry}: it is ${stats.isDirectory() ? 'a directory' : 'not a regular file'}. Name the file that starts the server.`,
    );
  }
  try {
    return createRequire(path.join(cwd, '_')).resolve(absolute); // `server` for server.js, as node does
  } catch {
    throw new EvenkeelError(
      'ERR_ENTRY_NOT_FOUND',
      `cannot run ${entry}: no such file (looked for ${absolute})`,
    );
  }
}

function look(entry: string, absolute: string): Stats | undefined {
  try {
    return statSync(absolute, { throwIfNoEntry: false });
  } catch (cause) {
    // ENOTDIR, ELOOP, EACCES, ENAMETOOLONG
    const why = (cause as Error).message;
    throw new EvenkeelError('ERR_ENTRY_NOT_FOUND', `cannot run ${entry}: ${why}`, { cause });
  }
}
