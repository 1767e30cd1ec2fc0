import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Launch, LaunchReport } from './launched.js';

/* A program: starts another one with all of this one's descriptors, says how that ends, and ends itself when it is told
 * to, or its parent ends. What it has started has the init process, systemd say, for its parent then. */

const report = (message: LaunchReport): void => {
  process.send?.(message);
};

process.once('message', ({ command, env, fds }: Launch) => {
  let child: ChildProcess;
  try {
    const stdio = Array.from({ length: 3 + fds }, (_, fd) => fd);
    child = spawn(command.file, command.args, { cwd: command.cwd, env, stdio });
  } catch (error) {
    return report({ error: (error as Error).message });
  }
  child.once('error', ({ message }) => report({ error: message }));
  child.once('exit', (code, signal) => report({ ended: signal ?? `exit code ${code}` }));
  // Whoever holds their other ends is to see when the one who has them closes them.
  for (let fd = 3; fd < 3 + fds; fd++) closeSync(fd);
  if (child.pid !== undefined) report({ pid: child.pid });
});
process.once('disconnect', () => process.exit());
