import { EvenkeelError } from '../errors.js';
import type { Log } from '../log.js';
import type { Supervision } from '../supervision-options.js';
import type { Balancer } from './balancer.js';
import { processFacts } from './process-facts.js';
import { Recycling } from './recycling.js';
import { Scaling } from './scaling.js';
import type { Supervisor } from './supervisor.js';
import { UnresponsiveWorkers } from './unresponsive.js';

/** What is asked for and cannot be had here is refused.
 * @param hasTable there is a load table: node:cluster itself does not serve
 * @throws EvenkeelError ERR_UNSUPPORTED */
export function checkSupervision(
  { maxMemory, maxServed, unresponsiveTimeout, scale }: Supervision,
  hasTable: boolean,
): void {
  const refuse = (name: string, why: string): never => {
    throw new EvenkeelError('ERR_UNSUPPORTED', `${name} cannot be had here: ${why}`);
  };
  const readsProcesses = processFacts(process.pid) !== undefined;
  const noFacts = 'what a process uses is read from /proc, which this system has not. Leave it out.';
  if (maxMemory > 0 && !readsProcesses) refuse('maxMemory', noFacts);
  if (scale !== undefined && !readsProcesses) refuse('scale', noFacts);
  const noTable =
    'the native addon is missing, without which nobody sees what workers do (evenkeel explain says why).';
  if (maxServed > 0 && !hasTable) refuse('maxServed', noTable);
  if (unresponsiveTimeout > 0 && !hasTable) refuse('unresponsiveTimeout', noTable);
}

export interface SupervisionContext {
  supervisor: Supervisor;
  balancer: Balancer | undefined;
  /** Workers are started with Node's inspector. */
  isInspected: boolean;
  log: Log;
}

/** Begins what is asked for. Returns an undo. */
export function supervise(supervision: Supervision, context: SupervisionContext): () => void {
  const { maxMemory, maxAge, maxServed, unresponsiveTimeout, scale } = supervision;
  const { balancer } = context;
  const running: { stop(): void }[] = [];
  const limits = { maxMemory, maxAge, maxServed };
  if (maxMemory + maxAge + maxServed > 0) running.push(new Recycling({ ...context, limits }));
  if (unresponsiveTimeout > 0 && balancer !== undefined)
    running.push(new UnresponsiveWorkers({ ...context, balancer, timeout: unresponsiveTimeout }));
  if (scale !== undefined) running.push(new Scaling({ ...context, limits: scale }));
  return () => {
    for (const one of running) one.stop();
  };
}
