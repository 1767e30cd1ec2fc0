import type { Fleet } from './fleet.js';

/** Calls `close` when the fleet has ended or another process is to have what it closes; at once where it has ended
 * while that was being opened. */
export function whenOver(fleet: Fleet, close: () => void): void {
  if (fleet.status().phase === 'stopped') return close();
  for (const end of ['upgraded', 'stop'] as const) fleet.once(end, close);
}
