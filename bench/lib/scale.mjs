// What a larger machine is given: as much for each CPU, or each worker, as the small one. Pure.

/** What the options of scenarios are made for. */
const FOR = { cpus: 2, workers: 4 };

export const MOST_WORKERS = 256;
/** Fewer say little about who gets what. What README and docs promise is of so many. */
export const FEWEST_WORKERS = 4;

/** Whatever the machine: arrivals a second that node:cluster's primary can bear on a fast one, clients that an accept
 * queue of Node's default length has room for, connections that a process may have open. */
const MOST = { rate: 20_000, rates: 20_000, clients: 500, requests: 10_000, held: 1600, kept: 1000 };

/** A worker for each CPU. */
export const usualWorkers = (cpus) => Math.min(Math.max(FEWEST_WORKERS, cpus), MOST_WORKERS);

/** How many clients keep so many workers busy. */
export const clientsFor = (workers) =>
  scaled({ clients: 64 }, { clients: 'workers' }, { workers, cpus: 1 }).clients;

/** @param {object} options a scenario's own
 * @param {{[option: string]: 'cpus' | 'workers'}} scale which of them grow, and with what
 * @param {{workers: number, cpus: number}} machine cpus: the servers'. Workers cannot keep more CPUs busy than there
 * are of them.
 * @returns {object} options */
export function scaled(options, scale = {}, { workers, cpus }) {
  const by = {
    cpus: Math.min(workers, cpus) / FOR.cpus,
    workers: Math.max(1, workers / FOR.workers), // fewer clients would leave fewer workers idle
  };
  const grown = Object.entries(scale).flatMap(([key, what]) =>
    key in options ? [[key, times(options[key], by[what], MOST[key])]] : [],
  );
  return { ...options, ...Object.fromEntries(grown) };
}

const times = (value, factor, most = Number.POSITIVE_INFINITY) =>
  Array.isArray(value)
    ? value.map((one) => times(one, factor, most))
    : Math.min(most, Math.round(value * factor));
