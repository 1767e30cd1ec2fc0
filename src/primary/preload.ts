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
  const words = split(nodeOptions);
  const rest = withoutImport(words);
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

/** NODE_OPTIONS' words, as Node reads them: a quote anywhere begins or ends a stretch in which spaces are
 * part of the word and a backslash takes the next character as it is. */
function split(text: string): string[] {
  const words: string[] = [];
  let isInWord = false;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    let character = text[i];
    if (character === ' ' && !isQuoted) {
      isInWord = false;
      continue;
    }
    if (!isInWord) words.push('');
    isInWord = true;
    if (character === '"') {
      isQuoted = !isQuoted;
      continue;
    }
    if (character === '\\' && isQuoted) character = text[++i];
    words.push((words.pop() ?? '') + (character ?? ''));
  }
  return words;
}

function quoted(word: string): string {
  return /[\s"\\]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word;
}
