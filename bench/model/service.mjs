// How long requests take a worker, in ms: `draw` makes one of random numbers from 0 to 1; `mean` and `secondMoment`
// (ms²) are what theory needs.

/** From 0 to Infinity, 1 on average. */
export const exponentialOf = (next) => -Math.log(1 - next());

export function exponential(mean) {
  return { mean, secondMoment: 2 * mean ** 2, draw: (next) => mean * exponentialOf(next) };
}

export function deterministic(mean) {
  return { mean, secondMoment: mean ** 2, draw: () => mean };
}

/** @param {number} deviation the standard deviation over the mean */
export function lognormal(mean, deviation) {
  const variance = Math.log(1 + deviation ** 2); // of the logarithm
  const location = Math.log(mean) - variance / 2;
  const scale = Math.sqrt(variance);
  const draw = (next) => Math.exp(location + scale * normalOf(next));
  return { mean, secondMoment: mean ** 2 * (1 + deviation ** 2), draw };
}

/** Few are long, the others short. */
export function mix({ share, long, short }) {
  const moment = (power) => share * long ** power + (1 - share) * short ** power;
  return { mean: moment(1), secondMoment: moment(2), draw: (next) => (next() < share ? long : short) };
}

/** Box and Muller: A Note on the Generation of Random Normal Deviates, 1958. */
function normalOf(next) {
  return Math.sqrt(2 * exponentialOf(next)) * Math.cos(2 * Math.PI * next());
}
