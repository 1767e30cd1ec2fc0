// Pure: what a scenario's figures come to, in one form for the table, the page and the comparison.
import { addTallies } from './request.mjs';
import { median, spread } from './statistics.mjs';

/** Every per cent, and what lies behind the 99th, where tails differ. */
const QUANTILES = [...Array.from({ length: 100 }, (_, i) => i / 100), 0.995, 0.999, 0.9995, 1];

/** A row for each contestant, in the order of the results.
 * @param {{[id: string]: object[]}} results the figures of each round; their `fates`, where they have them, are
 * added up into failures by kind
 * @param {object[]} columns {key, label, unit, digits, better}, and those of over()
 * @returns {{columns: object[], rows: {id: string, values: object, failures: object}[]}} a column whose base took
 * no part is left out, and so is a value in a row where a round has no such figure */
export function summarize(results, columns) {
  const kept = columns.filter(({ base }) => base === undefined || base in results);
  const rows = Object.entries(results).map(([id, rounds]) => ({
    id,
    values: Object.fromEntries(
      kept.flatMap((column) => {
        const value = figureOf(column, rounds, results);
        return value === undefined ? [] : [[column.key, value]];
      }),
    ),
    failures: failuresOf(rounds),
  }));
  return { columns: kept.map(({ of: _, ...column }) => column), rows };
}

/** The column of a figure's ratio to that of the contestant `base`, round by round. */
export function over(column, base) {
  return {
    ...column,
    key: `${column.key}÷${base}`,
    label: `${column.label} ÷ ${base}`,
    unit: '',
    digits: 2,
    base,
    of: column.key,
  };
}

function figureOf({ key, base, of = key }, rounds, results) {
  const values = figures(rounds, of);
  if (values === undefined) return undefined;
  if (base === undefined) return inShort(values);
  const bases = figures(results[base], of);
  if (bases === undefined) return undefined;
  return inShort(values.map((value, round) => value / bases[round % bases.length]));
}

/** undefined where a round has none: a median of the others would pass for one of all. */
function figures(rounds, key) {
  const values = rounds.map((round) => round[key]);
  return values.length > 0 && values.every(Number.isFinite) ? values : undefined;
}

function inShort(values) {
  const { median, least, most } = spread(values);
  return { median, low: least, high: most, rounds: values };
}

function failuresOf(rounds) {
  const tallies = rounds.flatMap(({ fates }) => (fates === undefined ? [] : [fates]));
  const counts = Object.entries(addTallies(tallies));
  return Object.fromEntries(counts.filter(([fate, count]) => fate !== 'ok' && count > 0));
}

/** A round's distribution, to be kept instead of its thousands of values. [] of nothing. */
export function quantiles(values) {
  if (values.length === 0) return [];
  const sorted = Float64Array.from(values).sort();
  return QUANTILES.map((share) => [share, sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]]);
}

/** The distribution of the middle: each quantile is the median of those of the rounds.
 * @param {{[id: string]: object[]}} results whose rounds have `quantiles`
 * @returns {{[id: string]: [number, number][]}} those who have it in every round */
export function distributions(results) {
  const complete = Object.entries(results).filter(
    ([, rounds]) => rounds.length > 0 && rounds.every(({ quantiles }) => quantiles?.length > 0),
  );
  return Object.fromEntries(
    complete.map(([id, rounds]) => [
      id,
      QUANTILES.map((share, i) => [share, median(rounds.map(({ quantiles }) => quantiles[i][1]))]),
    ]),
  );
}
