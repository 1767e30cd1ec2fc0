// Pure: figures from numbers.

/** The smallest value that `share` (0 to 1) of the values do not exceed: nearest rank. NaN of nothing. */
export function percentile(values, share) {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Of an even number the mean of the two in the middle: the lower one of two rounds would be the better one. NaN of
 * nothing. */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.floor(sorted.length / 2)]) / 2;
}

/** One figure of each round. */
export const column = (rounds, key) => rounds.map((round) => round[key]);

/** 1: all have the same; N: one of N has all. */
export function maxOverMean(counts) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (Math.max(...counts) * counts.length) / total;
}

/** @param {number[]} values in the order of the rounds */
export function spread(values) {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values), values };
}

/** The median of each round's own ratio: what disturbed a round, or the seed it had, is in both. Fewer bases than
 * values begin again. */
export function medianRatio(values, bases) {
  return median(values.map((value, round) => value / bases[round % bases.length]));
}
