import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { EvenkeelError } from './errors.js';
import type { StartOptions } from './options.js';

/** What workers get in addition to this process's environment, read anew whenever it is called.
 * @throws (what it returns) EvenkeelError ERR_INVALID_OPTION where the file cannot be read */
export function environment({ env, envFrom }: Pick<StartOptions, 'env' | 'envFrom'>) {
  return (): Readonly<Record<string, string>> | undefined =>
    envFrom === undefined ? env : { ...readEnvFile(envFrom), ...env };
}

/** Variables this process has already come before those of the file, as with Node's --env-file. */
function readEnvFile(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new EvenkeelError('ERR_INVALID_OPTION', `envFrom: ${(cause as Error).message}`, { cause });
  }
  const entries = Object.entries(parseEnv(text)).filter(([name]) => process.env[name] === undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}
