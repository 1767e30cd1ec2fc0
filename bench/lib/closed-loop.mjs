// What a closed loop by wrk costs a server, and how many of its requests a second it gets through.
import { cpuTime } from './processes.mjs';
import { wrk } from './wrk.mjs';

/** Of all its processes. Where CPUs are left over at the highest rate, something else was the limit: one process that
 * all connections pass through, or the load. */
export const CPUS = { key: 'cpus', label: 'CPUs busy', unit: '', digits: 1, better: null };

/** Seconds that do not count: while the others had their turns, caches went cold, and so did compiled code. */
export const LEAD_IN = 1;

/** @param {import('./server.mjs').Server} server
 * @param {{seconds: number, clients: number, keepAlive?: boolean}} options
 * @returns {Promise<{microseconds: number, rate: number, cpus: number}>} CPU time for each request; requests a second */
export async function closedLoop({ port, pids }, { seconds, clients, keepAlive }) {
  await wrk(port, LEAD_IN, { clients, keepAlive });
  const before = cpuTime(pids);
  const answered = await wrk(port, seconds, { clients, keepAlive });
  const took = cpuTime(pids) - before;
  return {
    microseconds: took / answered.count,
    rate: answered.count / answered.seconds,
    cpus: took / 1e6 / answered.seconds,
  };
}
