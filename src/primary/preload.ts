import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The module a worker loads before its entry. */
const REGISTER = fileURLToPath(new URL('../register.js', import.meta.url));

const IMPORT = /^--import(=|$)/;

/** A worker's command line with register.js loaded first, by --require.
 *
 * Not by --import, which makes Node load a CommonJS entry asynchronously as well: a message the primary
 * sends at once would then find no 'message' listener, and be lost. (Node 20.19 and later require() an ES
 * module.) An --import of ours, inherited from the primary, is taken out for the same reason.
 *
 * `args` begins with argv[0]; from `entry` on they are the application's. */
export function withPreload(args: readonly string[], entry: string | undefined): string[] {
  const [argv0 = '', ...rest] = args;
  const end = entry === undefined ? -1 : rest.indexOf(entry);
  const options = end < 0 ? rest : rest.slice(0, end);
  const entryOn = end < 0 ? [] : rest.slice(end);
  return [argv0, '--require', REGISTER, ...withoutImport(options), ...entryOn];
}

/** The same for NODE_OPTIONS, where our --import may stand too: a --require there, for the processes a
 * worker starts. */
export function requireInstead(nodeOptions: string): string {
  const words = nodeOptions.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? [];
  const rest = withoutImport(words.map(unquoted));
  if (rest.length === words.length) return nodeOptions;
  return [quoted('--require'), quoted(REGISTER), ...rest.map(quoted)].join(' ');
}

function withoutImport(args: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const separate = arg === '--import';
    const target = separate ? args[i + 1] : arg.slice('--import='.length);
    if (IMPORT.test(arg) && target !== undefined && isRegister(target)) {
      if (separate) i++;
      continue;
    }
    kept.push(arg);
  }
  return kept;
}

function isRegister(specifier: string): boolean {
  if (specifier === 'evenkeel/register') return true;
  try {
    const path = specifier.startsWith('file:') ? fileURLToPath(specifier) : specifier;
    return realpathSync(path) === realpathSync(REGISTER);
  } catch {
    return false; // no file: a package's name, or something Node itself will complain of
  }
}

function unquoted(word: string): string {
  return word.replace(/"((?:\\.|[^"\\])*)"/g, (_, inner: string) => inner.replace(/\\(.)/g, '$1'));
}

function quoted(word: string): string {
  return /[\s"\\]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word;
}
