let isGuarded = false;

/** What a command has to say, a line or more, on stdout. Where that cannot be written the command ends: silently where
 * nobody reads on, as after `| head`; with the reason and 1 otherwise (ENOSPC, say). */
export function print(text: string): void {
  if (!isGuarded) process.stdout.on('error', onError);
  isGuarded = true;
  process.stdout.write(`${text}\n`);
}

function onError({ code, message }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') process.exit(0);
  process.stderr.write(`evenkeel: ${message} [${code}]\n`);
  process.exit(1);
}
