import { random } from './random.mjs';

/** A Poisson process: arrivals in ms from the start, `rate` a second on average, for `seconds`. `describe` adds to
 * each what it asks for; it gets the random numbers of the same seed.
 * @returns {{at: number, path: string}[]} */
export function poisson({ rate, seconds, seed }, describe = () => ({ path: '/' })) {
  const next = random(seed);
  const gap = () => (-Math.log(1 - next()) / rate) * 1000;
  const arrivals = [];
  for (let at = gap(); at < seconds * 1000; at += gap()) arrivals.push({ at, ...describe(next) });
  return arrivals;
}

/** Arrivals of two lists as one, in order. */
export function merge(some, others) {
  return [...some, ...others].sort((a, b) => a.at - b.at);
}
