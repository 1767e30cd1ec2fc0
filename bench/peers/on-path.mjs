import { accessSync, constants, realpathSync } from 'node:fs';
import path from 'node:path';

/** Where Debian has the proxies, which is not on every user's PATH. */
export const SBIN = ['/usr/sbin'];

/** The file a command stands for, links followed; undefined where there is none.
 * @param {string[]} [more] folders looked through after those of PATH */
export function onPath(command, more = []) {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), ...more];
  const files = folders.filter((folder) => folder !== '').map((folder) => path.join(folder, command));
  const found = files.find(isExecutable);
  return found && realpathSync(found);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
