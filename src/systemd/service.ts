import type { Fleet } from '../fleet.js';
import type { FleetStatus } from '../fleet-status.js';
import type { Log } from '../log.js';
import type { SystemdEnvironment } from './environment.js';
import { Notifier } from './notifier.js';

/** Whether a fleet gives a sign of life: one without any worker to serve is to be started anew, if that lasts. */
export function isAlive({ phase, workers }: Pick<FleetStatus, 'phase' | 'workers'>): boolean {
  return phase !== 'running' || workers.some(({ state }) => state === 'ready');
}

/** In words, for `systemctl status`. */
export function statusLine({ phase, generation, workers }: FleetStatus): string {
  const ready = workers.filter(({ state }) => state === 'ready').length;
  const staying = workers.filter(({ state }) => state !== 'draining').length;
  const draining = workers.length - staying;
  const rest = draining === 0 ? '' : `, ${draining} draining`;
  return `${phase}: ${ready} of ${staying} workers ready, generation ${generation}${rest}`;
}

/** A fleet as a systemd service (Type=notify or notify-reload): says when it is ready, reloads and stops, and that it
 * is alive. Until it has stopped. */
export function serveSystemd(fleet: Fleet, { notifySocket, watchdog }: SystemdEnvironment, log: Log): void {
  if (notifySocket === undefined) return;
  const notifier = new Notifier(notifySocket, log);
  /** Another process is the service now, and speaks for it. */
  let isOver = false;
  let said = '';
  const saying = (line: string): string => {
    said = line;
    return `STATUS=${line}`;
  };
  const sayStatus = (): void => {
    if (isOver) return;
    const line = statusLine(fleet.status());
    if (line !== said) notifier.tell(saying(line));
  };
  // Many workers change their state at once: one line for all.
  let isDue = false;
  fleet.on('worker', () => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      sayStatus();
    });
  });
  fleet.on('phase', (phase) => {
    if (phase === 'running') {
      notifier.tell('READY=1');
      // The last sign of life may be another process's, whose place this one has taken.
      if (watchdog !== undefined) notifier.tell('WATCHDOG=1');
    } else if (phase === 'stopping' && !isOver) notifier.tell('STOPPING=1');
    sayStatus();
  });
  fleet.on('reloadStart', () => notifier.tell('RELOADING=1', `MONOTONIC_USEC=${monotonicMicroseconds()}`));
  // A reload that failed leaves a service that is ready: the log and STATUS say the rest.
  fleet.on('reloadEnd', ({ error }) => {
    if (fleet.status().phase !== 'running') return;
    if (error === undefined) notifier.tell('READY=1');
    else notifier.tell('READY=1', saying(`the reload failed: ${oneLine(error.message)}`));
  });
  fleet.once('upgraded', ({ pid }) => {
    notifier.tell(`MAINPID=${pid}`);
    isOver = true;
  });
  if (watchdog === undefined) return;
  const timer = setInterval(() => {
    if (!isOver && isAlive(fleet.status())) notifier.tell('WATCHDOG=1');
  }, watchdog / 2);
  timer.unref();
  fleet.once('stop', () => clearInterval(timer));
}

/** Of CLOCK_MONOTONIC, which is what process.hrtime() reads on Linux. */
function monotonicMicroseconds(): bigint {
  return process.hrtime.bigint() / 1000n;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}
