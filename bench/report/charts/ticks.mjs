// Axes with their ticks.

/** 1, 2 and 5 of each decade, and where there are many decades, 1 alone.
 * @param {number} low above 0 */
export function logTicks(low, high) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const digits = Math.log10(high / low) > 2.5 ? [1] : [1, 2, 5];
  const decades = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const ticks = decades.flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)));
  return ticks.filter((tick) => tick >= low && tick <= high);
}

/** From a round figure to another. */
export function logDomain(low, high) {
  const [bottom, top] = [roundTo(Math.floor, low), roundTo(Math.ceil, high)];
  return [bottom, top > bottom ? top : 2 * bottom];
}

/** To one digit. */
function roundTo(toward, value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return toward(value / power) * power;
}

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });

/** Ticks of one axis are written alike: 8K beside 10K, but 800 beside 1,000. */
export function formatOf([, highest]) {
  return (value) => {
    if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(0);
    return highest < 1e4 ? value.toLocaleString('en-US') : compact.format(value);
  };
}

/** Grid and axis of a figure. On a log axis the marks have the ticks and not the scale, of which d3 leaves out labels as
 * it thinks fit.
 * @param {{ grid: Function, axis: Function }} marks Plot's, for x or for y
 * @param {{ domain: [number, number], isLog: boolean }} scale */
export function axisOf({ grid, axis }, { domain, isLog }, options) {
  const format = formatOf(domain);
  if (!isLog) return [grid({ ticks: 5 }), axis({ ticks: 5, tickFormat: format, ...options })];
  const ticks = logTicks(...domain);
  return [grid(ticks), axis(ticks, { text: format, ...options })];
}
