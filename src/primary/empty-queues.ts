import { setTimeout as delay } from 'node:timers/promises';
import type { Balancer } from './balancer.js';

const INTERVAL = 20;
/** Looks in a row that must find nothing: the last ACK of a handshake may be on its way. */
const QUIET_LOOKS = 3;
/** A blocked worker must not hold up the end for ever. */
const LIMIT = 1000;

/** Stops new handshakes and waits until the workers have taken every connection already made: closing a
 * listening socket resets whoever is still in its queue. */
export async function emptyQueues(balancer: Balancer): Promise<void> {
  balancer.retire();
  const end = Date.now() + LIMIT;
  for (let quiet = 0; quiet < QUIET_LOOKS && Date.now() < end; ) {
    await delay(INTERVAL);
    quiet = balancer.waiting() === 0 ? quiet + 1 : 0;
  }
}
