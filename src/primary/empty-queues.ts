import { setTimeout as delay } from 'node:timers/promises';
import type { Balancer } from './balancer.js';

const INTERVAL = 20;
/** Looks in a row that must find nothing: the last ACK of a handshake may be on its way. */
const QUIET_LOOKS = 3;

/** Stops new handshakes and waits until the workers have taken every connection already made: closing a
 * listening socket resets whoever is still in its queue. All workers may be blocked, so it can
 * take long; `limit` ms at most. */
export async function emptyQueues(balancer: Balancer, limit: number): Promise<void> {
  await nobodyWaits(balancer, balancer.retire(), limit);
  balancer.shut();
}

/** Resolves when nobody waits any more, after `least` ms or later, but within `limit` ms. */
export async function nobodyWaits(balancer: Balancer, least: number, limit: number): Promise<void> {
  const now = Date.now();
  for (let quiet = 0; (quiet < QUIET_LOOKS || Date.now() < now + least) && Date.now() < now + limit; ) {
    await delay(INTERVAL);
    quiet = balancer.waiting() === 0 ? quiet + 1 : 0;
  }
}
