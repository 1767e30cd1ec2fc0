/** Every hundredth, and every thousandth from 0.99 to 0.999. */
const GRID = [
  ...Array.from({ length: 99 }, (_, i) => (i + 1) / 100),
  ...Array.from({ length: 9 }, (_, i) => (991 + i) / 1000),
];

/** A distribution as a curve; nearest rank.
 * @param {Float64Array} values
 * @returns {[number, number][]} [quantile, value] */
export function curve(values) {
  const sorted = values.slice().sort();
  return GRID.map((quantile) => [quantile, sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)]]);
}

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What independent runs say of a figure: their mean, and its standard error.
 * @param {number[]} values one of each run */
export function estimate(values) {
  const value = mean(values);
  const variance = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (values.length - 1);
  return { value, error: values.length < 2 ? Number.NaN : Math.sqrt(variance / values.length) };
}
