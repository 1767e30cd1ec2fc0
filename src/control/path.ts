import { lstatSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EvenkeelError } from '../errors.js';

/** Windows has no user ids, and its pipes are no files. */
const PIPES = '\\\\.\\pipe\\';
const PIPE_PREFIX = 'evenkeel-';
const SUFFIX = '.sock';
/** Of sockaddr_un's sun_path, with its zero: 108 bytes on Linux, 104 on the BSDs and macOS. */
const LONGEST_PATH = 103;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const LONGEST_NAME = 64;

/** What decides where control sockets are. */
export interface Surroundings {
  /** Effective user id; undefined on Windows. */
  uid: number | undefined;
  /** XDG_RUNTIME_DIR */
  runtimeDirectory: string | undefined;
  /** Where temporary files are. */
  temporary: string;
}

export function surroundings(): Surroundings {
  return {
    uid: process.geteuid?.(),
    runtimeDirectory: process.env.XDG_RUNTIME_DIR,
    temporary: os.tmpdir(),
  };
}

/** Where this user's control sockets are. A relative XDG_RUNTIME_DIR counts for nothing: so its specification
 * has it. */
export function controlDirectory({ uid, runtimeDirectory, temporary } = surroundings()): string {
  if (uid === undefined) return PIPES;
  if (runtimeDirectory?.startsWith('/')) return path.join(runtimeDirectory, 'evenkeel');
  return uid === 0 ? '/run/evenkeel' : path.join(temporary, `evenkeel-${uid}`);
}

/** The control socket of the fleet of that name; on Windows a named pipe.
 * @throws EvenkeelError ERR_CONTROL_DIRECTORY where the path is longer than a socket's can be */
export function socketPath(name: string, around = surroundings()): string {
  const directory = controlDirectory(around);
  if (around.uid === undefined) return `${directory}${PIPE_PREFIX}${name}`;
  const file = path.join(directory, `${name}${SUFFIX}`);
  if (Buffer.byteLength(file) <= LONGEST_PATH) return file;
  throw new EvenkeelError(
    'ERR_CONTROL_DIRECTORY',
    `the path of the control socket is longer than the ${LONGEST_PATH} bytes a socket's can be: ${file}. Choose a shorter --name, or set XDG_RUNTIME_DIR.`,
  );
}

/** The fleet whose socket this entry of the directory would be, if it is one. */
export function nameOfEntry(entry: string, { uid } = surroundings()): string | undefined {
  let name: string | undefined;
  if (uid === undefined) name = entry.startsWith(PIPE_PREFIX) ? entry.slice(PIPE_PREFIX.length) : undefined;
  else name = entry.endsWith(SUFFIX) ? entry.slice(0, -SUFFIX.length) : undefined;
  return name !== undefined && NAME.test(name) ? name : undefined;
}

/** @throws EvenkeelError ERR_INVALID_OPTION */
export function parseName(value: string): string {
  if (NAME.test(value)) return value;
  throw new EvenkeelError(
    'ERR_INVALID_OPTION',
    `a fleet's name is 1 to ${LONGEST_NAME} of the characters A-Z a-z 0-9 . _ -, not ${JSON.stringify(value)}`,
  );
}

/** A fleet that was given no name is named for its entry: `server` for `dist/server.js`. */
export function defaultName(entry: string): string {
  const base = path.basename(entry, path.extname(entry)).replace(/[^A-Za-z0-9._-]/g, '-');
  return base.slice(0, LONGEST_NAME) || 'evenkeel';
}

/** And where a fleet of that name runs: `server-4711`. */
export function distinctName(name: string, pid: number): string {
  const suffix = `-${pid}`;
  return name.slice(0, LONGEST_NAME - suffix.length) + suffix;
}

/** Makes the directory, for this user alone. One that is there must be such a one: whoever may write into it
 * could put a socket of their own there, and whoever may enter it could connect before its mode is set.
 * @throws EvenkeelError ERR_CONTROL_DIRECTORY; the system's error where it cannot be made */
export function prepareDirectory(directory: string, uid: number): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  checkDirectory(directory, [uid]);
}

/** @param owners whose it may be
 * @throws EvenkeelError ERR_CONTROL_DIRECTORY; the system's error where there is none */
export function checkDirectory(directory: string, owners: readonly number[] | 'anyone'): void {
  const status = lstatSync(directory);
  let fault: string | undefined;
  if (status.isSymbolicLink()) fault = 'is a symbolic link. Remove it.';
  else if (!status.isDirectory()) fault = 'is no directory. Remove it.';
  else if (owners !== 'anyone' && !owners.includes(status.uid))
    fault = `belongs to user ${status.uid}. Set XDG_RUNTIME_DIR.`;
  else if ((status.mode & 0o077) !== 0) {
    const mode = (status.mode & 0o777).toString(8);
    fault = `is open to other users (mode ${mode}). chmod 700 it.`;
  }
  if (fault === undefined) return;
  throw new EvenkeelError('ERR_CONTROL_DIRECTORY', `the control sockets' directory ${directory} ${fault}`);
}
