import cluster from 'node:cluster';
import diagnostics from 'node:diagnostics_channel';
import { COMMAND } from '../messages.js';

/* What an application may say to evenkeel and hear of it, if it likes. Outside of a worker all of it does
 * nothing. */

export const DRAIN_CHANNEL = 'evenkeel.worker.drain';

/** What a worker that is to end tells its application. */
export interface Draining {
  /** Milliseconds until connections that are idle are closed. */
  patience: number;
}

/** Says that this worker can serve, where the fleet was started with `waitReady`; `process.send('ready')` does the
 * same, as under PM2. */
export function ready(): void {
  if (cluster.isWorker && process.connected) process.send?.({ cmd: COMMAND, act: 'ready' });
}

/** Calls `listener` when this worker is about to end: it gets no new connections, and ends when those it has are
 * closed. HTTP is told by evenkeel; who keeps WebSockets or other connections closes them now.
 * @returns an undo */
export function onDrain(listener: (draining: Draining) => void): () => void {
  const hear = (message: unknown): void => listener(message as Draining);
  diagnostics.subscribe(DRAIN_CHANNEL, hear);
  return () => diagnostics.unsubscribe(DRAIN_CHANNEL, hear);
}
