/** Milliseconds before a worker that failed for the `failures`th time in a row is forked again.
 *
 * The first time at once: one crash should cost nothing. Then doubling from 100 ms to 30 s, with equal
 * jitter (half fixed, half random) so that workers which fail together do not come back together.
 * Source: M. Brooker, "Exponential Backoff and Jitter".
 *
 * @param random 0 to 1 */
export function backoff(failures: number, random: number): number {
  if (failures <= 1) return 0;
  const full = Math.min(30_000, 100 * 2 ** Math.min(failures - 2, 20));
  return Math.round(full / 2 + (full / 2) * random);
}

/** How often in a row a worker has failed that has now died: it counts as the first time again where it had lived for
 * minUptime. All in ms but `before`. */
export function failuresAfter(before: number, uptime: number, minUptime: number): number {
  return uptime >= minUptime ? 1 : before + 1;
}

/** From here on it is called what it is. */
export const CRASH_LOOP = 3;
