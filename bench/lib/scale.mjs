// What a larger machine is given: as much for each CPU, or each worker, as the small one. Pure.

/** What the options of scenarios are made for. */
const FOR = { cpus: 2, workers: 4 };

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
    key in options ? [[key, times(options[key], by[what])]] : [],
  );
  return { ...options, ...Object.fromEntries(grown) };
}

const times = (value, factor) =>
  Array.isArray(value) ? value.map((one) => times(one, factor)) : Math.round(value * factor);
