import type { FleetPhase, FleetStatus } from '../fleet-status.js';

export interface Places {
  /** How many workers the fleet is to have. */
  workers: number;
  /** For how many of them one is ready. */
  ready: number;
}

export interface Situation extends Places {
  phase: FleetPhase;
  /** 0 to 1, smoothed; undefined where it is not known, or not yet. */
  utilisation: number | undefined;
}

/** What HAProxy's agent-check is told, without the end of the line: whether the fleet takes new connections, and with
 * which weight, a percentage of the one in HAProxy's configuration: what of it is free. At least 1, since nobody comes
 * back from a weight of 0 by its own load falling: it means `drain`.
 * Source: HAProxy, configuration manual, "agent-check". */
export function agentAnswer({ phase, ready, workers, utilisation = 0 }: Situation): string {
  if (phase === 'stopping') return 'drain';
  if (phase === 'stopped') return 'stopped # the fleet has ended';
  if (ready === 0) return `down # none of ${workers} workers is ready`;
  const weight = Math.round((100 * (1 - utilisation) * ready) / workers);
  // `drain` and `down` last until an agent takes them back.
  return `ready up ${Math.min(100, Math.max(1, weight))}%`;
}

/** A place in which one worker replaces another has two workers, and counts once; one that goes, as there are to be fewer,
 * is none any more. */
export function placesOf({ size, workers }: Pick<FleetStatus, 'size' | 'workers'>): Places {
  const ready = workers.filter(({ state }) => state === 'ready');
  return { workers: size, ready: Math.min(size, new Set(ready.map(({ index }) => index)).size) };
}
