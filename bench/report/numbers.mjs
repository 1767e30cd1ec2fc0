// Pure: how figures are written, and what a spread lets one say about them.

/** A figure with its digits; one so small that they would all be 0 keeps two of its own. */
export function number(value, digits = 0) {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1e12) return value.toExponential(2).replace('+', '');
  if (value !== 0 && Math.abs(value) < 0.5 / 10 ** digits) return tiny(value);
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const tiny = (value) =>
  Math.abs(value) < 1e-4 ? value.toExponential(1) : String(Number(value.toPrecision(2)));

/** With its unit; none behind a figure that has none. */
export function quantity(value, { digits, unit }) {
  return unit ? `${number(value, digits)} ${unit}` : number(value, digits);
}

/** One figure of a row; undefined where there is none. JSON has null for what was NaN. */
export function figureOf(row, key) {
  const value = row.values[key];
  return Number.isFinite(value?.median) ? value : undefined;
}

export const hasSpread = (value) => value.rounds.length > 1;

/** What can be charted and compared; the others say whether to believe these, or are these once more as ratios. */
export const measures = ({ columns }) =>
  columns.filter(({ better, base }) => Boolean(better) && base === undefined);

/** Rows that have the column, the best first. */
export function ranked(rows, { key, better }) {
  const sign = better === 'higher' ? -1 : 1;
  const having = rows.filter((row) => figureOf(row, key) !== undefined);
  return having.sort((a, b) => sign * (a.values[key].median - b.values[key].median));
}

/** Whoever has the best median, and whoever's spread reaches into theirs. */
export function best(rows, column) {
  const [first, ...others] = ranked(rows, column);
  if (first === undefined) return [];
  return [first, ...others.filter((row) => overlap(row.values[column.key], first.values[column.key]))];
}

/** The fewest of the best that are apart from all others, whose spreads do not reach them. Undefined where nobody is
 * apart, or a round is all there is: it does not say how far off another would be. */
export function parted(rows, column) {
  const order = ranked(rows, column);
  const values = order.map((row) => row.values[column.key]);
  if (!values.every(hasSpread)) return undefined;
  for (let count = 1; count < order.length; count++) {
    const [front, behind] = [values.slice(0, count), values.slice(count)];
    if (front.every((one) => behind.every((other) => !overlap(one, other)))) {
      return { front: order.slice(0, count), behind: order.slice(count) };
    }
  }
  return undefined;
}

function overlap(a, b) {
  return a.low <= b.high && b.low <= a.high;
}

/** How many times, with fewer digits the more it is. */
export const times = (ratio) => number(ratio, ratio < 10 ? 2 : ratio < 100 ? 1 : 0);

/** "a", "a and b", "a, b and c" */
export function list(words) {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
