import { statSync } from 'node:fs';
import path from 'node:path';

/** What starts a process. */
export interface Command {
  file: string;
  args: readonly string[];
  cwd: string;
}

/** How a process was started, as far as it knows. */
export interface Started {
  execPath: string;
  execArgv: readonly string[];
  argv: readonly string[];
  /** Where, with the symbolic links by which it was named. */
  directory: string;
  /** The same without. */
  realDirectory: string;
}

const realDirectory = process.cwd();
const directory = namedDirectory(process.env.PWD, realDirectory);

/** How this process was started.
 *
 * A deployment often is a symbolic link, `/srv/current`, that is set anew. A process started there is not in
 * `/srv/current` but in what that was then, which only $PWD tells: so Unicorn does it, too. */
export function howStarted(): Started {
  const { execPath, execArgv, argv } = process;
  return { execPath, execArgv, argv, directory, realDirectory };
}

/** What starts it once more, with what is there now. Node's path of its main file is absolute: where it is in the
 * directory, it is named as that. */
export function commandOf({ execPath, execArgv, argv, directory, realDirectory }: Started): Command {
  const [, main, ...args] = argv;
  const file = main === undefined ? [] : [renamed(main, realDirectory, directory)];
  return { file: execPath, args: [...execArgv, ...file, ...args], cwd: directory };
}

function renamed(file: string, from: string, to: string): string {
  const inside = path.relative(from, file);
  const isInside = inside !== '' && !inside.startsWith('..') && !path.isAbsolute(inside);
  return isInside ? path.join(to, inside) : file;
}

/** $PWD, where it names the same directory. */
function namedDirectory(name: string | undefined, real: string): string {
  if (name === undefined || !path.isAbsolute(name)) return real;
  const [named, own] = [statOf(name), statOf(real)];
  const isSame = named !== undefined && named.dev === own?.dev && named.ino === own.ino;
  return isSame ? name : real;
}

function statOf(file: string): { dev: bigint; ino: bigint } | undefined {
  try {
    return statSync(file, { bigint: true });
  } catch {
    return undefined; // it has been removed: not ours then
  }
}
