import type { FleetStatus } from '../fleet-status.js';
import type { WorkerState } from '../primary/seat.js';

export interface Verdict {
  ok: boolean;
  /** What speaks against it. */
  why?: string;
}

/** Kubernetes' liveness: that this is called at all says that the primary's event loop turns. */
export function liveness({ phase }: Pick<FleetStatus, 'phase'>): Verdict {
  return phase === 'stopped' ? { ok: false, why: 'the fleet has ended' } : { ok: true };
}

/** Kubernetes' readiness: somebody serves, and the fleet is not about to end. */
export function readiness({ phase, workers }: Pick<FleetStatus, 'phase' | 'workers'>): Verdict {
  if (phase === 'stopping') return { ok: false, why: 'the fleet is stopping' };
  if (phase === 'stopped') return { ok: false, why: 'the fleet has ended' };
  if (workers.some(({ state }) => state === 'ready')) return { ok: true };
  const counts = new Map<WorkerState, number>();
  for (const { state } of workers) counts.set(state, (counts.get(state) ?? 0) + 1);
  const rest = [...counts].map(([state, count]) => `${count} ${state}`).join(', ') || 'there are none';
  return { ok: false, why: `no worker is ready: ${rest}` };
}
