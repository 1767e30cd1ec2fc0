import { eventually } from './clock.mjs';
import { request } from './request.mjs';

const SETTLED_AFTER = 10_000;
const STOPPED_AFTER = 15_000;
const EXPECTED =
  /died: killed by SIGKILL; respawning in 0 ms$|: its event loop (did not turn|has not turned) /;
/** More connections than there ever were: the count went below zero. */
export const ABSURD = 100_000;

/** What is wrong with a fleet that ought to be well again, said in words. Ends it. */
export async function complaints(primary, descriptors) {
  const found = [];
  const expect = (what, limit, test, say) =>
    eventually(test, limit, say).catch(({ message }) => found.push(`${what} ${message}`));

  await expect(
    'workers are ready, and have no connections',
    SETTLED_AFTER,
    () => {
      primary.ask();
      return primary.workers.every(({ state, connections }) => state === 'ready' && connections === 0);
    },
    () => primary.workers.map(({ pid, state, connections }) => `${pid} ${state} ${connections}`).join(', '),
  );
  const served = new Set();
  await expect(
    'every worker serves',
    SETTLED_AFTER,
    async () => {
      const answers = await Promise.all(Array.from({ length: 40 }, () => request(primary.port, '/')));
      for (const { fate, pid } of answers) {
        if (fate === 'ok') served.add(pid);
        else found.push(`a connection at the end: ${fate}`);
      }
      return primary.workers.every(({ pid }) => served.has(pid));
    },
    () => `only ${[...served].join(', ')} of ${primary.workers.map(({ pid }) => pid).join(', ')}`,
  );
  await expect(
    'the primary has no more descriptors than it had',
    SETTLED_AFTER,
    () => primary.descriptors <= descriptors,
    () => `${primary.descriptors}, before ${descriptors}`,
  );
  for (const { level, message } of primary.said) {
    if (!EXPECTED.test(message)) found.push(`the primary said (${level}): ${message}`);
  }
  const exit = await primary.stop(STOPPED_AFTER);
  if (exit?.code !== 0)
    found.push(`SIGTERM ended the fleet with ${exit ? JSON.stringify(exit) : 'nothing: it runs on'}`);
  return found;
}
