import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { EvenkeelError } from './errors.js';
import type { Fleet } from './fleet.js';
import type { Log } from './log.js';

/** A signal sent to a whole process group and passed on by npm or an init as well comes twice. */
const SAME_SIGNAL = 300;

/** What asks a process to end: on Windows Ctrl+Break and a console's closing, too. */
const STOP_SIGNALS: readonly NodeJS.Signals[] =
  'SIGBREAK' in constants.signals ? ['SIGTERM', 'SIGINT', 'SIGBREAK', 'SIGHUP'] : ['SIGTERM', 'SIGINT'];

/** Asks a service for its configuration anew. Not on Windows, which has none of these. */
const RELOAD_SIGNALS: readonly NodeJS.Signals[] =
  'SIGBREAK' in constants.signals ? [] : ['SIGHUP', 'SIGUSR2'];

/** Returns an undo. */
export function reloadOnSignals(fleet: Fleet, log: Log): () => void {
  const terminal = openTerminal();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && terminal !== undefined && !isatty(terminal)) {
      log.info({ signal }, 'the terminal is gone: draining');
      void fleet.stop();
      return;
    }
    log.info({ signal }, `${signal}: reloading`);
    fleet.reload().catch((error: Error) => {
      if (!(error instanceof EvenkeelError)) log.error({ err: error }, `cannot reload: ${error.message}`);
    });
  };
  for (const signal of RELOAD_SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of RELOAD_SIGNALS) process.off(signal, onSignal);
    if (terminal !== undefined) closeSync(terminal);
  };
}

/** The controlling terminal, where this process has one; see tty(4). Held, it is seen to be gone without a descriptor
 * more: once it has hung up it is no terminal. */
function openTerminal(): number | undefined {
  try {
    return openSync('/dev/tty', 'r');
  } catch {
    return undefined; // ENXIO; and where nothing at all can be opened, nothing starts either
  }
}

/** The first signal drains, a SIGTERM after `preStopDelay` ms; the second kills. Returns an undo. */
export function stopOnSignals(fleet: Fleet, log: Log, preStopDelay: number): () => void {
  let first: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    const force = first !== undefined;
    if (first !== undefined && now - first < SAME_SIGNAL) return;
    first ??= now;
    // A person at a terminal wants it to end.
    const delay = signal === 'SIGTERM' ? preStopDelay : 0;
    const then = delay > 0 ? `draining in ${delay} ms` : 'draining';
    log.info({ signal, force }, force ? `${signal} again: killing the workers` : `${signal}: ${then}`);
    void fleet.stop({ force, delay });
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
  };
}
