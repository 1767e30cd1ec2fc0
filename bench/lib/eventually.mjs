import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves as soon as `test` says so; fails after `limit` ms. For what no event tells. */
export async function eventually(what, test, limit = 15_000) {
  const end = performance.now() + limit;
  while (!test()) {
    if (performance.now() > end) throw new Error(`not within ${limit} ms: ${what}`);
    await sleep(10);
  }
}
