// The answer first: sentences for someone choosing, each with the figures it is computed from. Where spreads
// overlap there is none: another run might say the opposite.
import { figureOf, leaders, list, number, quantity } from './numbers.mjs';

/** In every run for comparison, but nobody's choice for many cores. */
const NO_CHOICE = new Set(['one-process', 'ideal']);

/** The questions a person has, in their order: where the answer is, and how it begins. A scenario that is not here
 * is asked for its first figure. */
const QUESTIONS = [
  ['cpu', 'microseconds', 'the least CPU time per connection'],
  ['skew', 'p99', 'the shortest tail under mixed work (p99)'],
  ['stall', 'p99', 'the shortest tail beside a blocked worker (p99)'],
  ['fairness', 'held', 'the evenest spread of held connections (fullest worker over the mean)'],
];

/** @returns {{ scenario: string, text: string }[]} each about one scenario */
export function answers({ scenarios }) {
  const asked = QUESTIONS.filter(([name]) => scenarios[name] !== undefined);
  const others = Object.keys(scenarios).filter((name) => QUESTIONS.every(([asked]) => asked !== name));
  return [
    ...asked.map(([name, key, superlative]) => lead(name, scenarios[name].summary, key, superlative)),
    ...others.map((name) => leadOf(name, scenarios[name].summary)),
    ...lost(scenarios),
  ].filter((answer) => answer !== undefined);
}

/** Who leads in a column, undefined if nobody does. */
export function lead(scenario, { columns, rows }, key, superlative) {
  const column = columns.find((one) => one.key === key);
  if (column === undefined) return undefined;
  const found = leaders(choices(rows), column);
  if (found === undefined) return undefined;
  const { front, next } = found;
  const medians = front.map((row) => row.values[key].median);
  const range = front.length === 1 ? withSpread(front[0].values[key], column) : fromTo(medians, column);
  const behind = next.values[key];
  const text = `${list(front.map(({ id }) => id))} had ${superlative}: ${range}. Next came ${next.id} with ${withSpread(behind, column)}${times(behind.median, medians.at(-1))}.`;
  return { scenario, text };
}

function leadOf(name, summary) {
  const column = summary.columns.find(({ better, base }) => Boolean(better) && base === undefined);
  if (column === undefined) return undefined;
  const which = column.better === 'higher' ? 'the highest' : 'the lowest';
  return lead(name, summary, column.key, `${which} figure for “${column.label}” (${name})`);
}

/** Requests without an answer, by scenario. Those inside a killed process die with it, whoever balances: where a
 * scenario counts what failed beyond them, that counts. */
export function lost(scenarios) {
  const entries = Object.entries(scenarios).filter(([, { summary }]) => countsFailures(summary));
  const losses = entries.map(([name, { summary }]) => [name, losers(summary)]);
  const without = losses.filter(([, rows]) => rows.length === 0).map(([name]) => name);
  const sentences = losses
    .filter(([, rows]) => rows.length > 0)
    .map(([name, rows]) => ({ scenario: name, text: loss(name, rows, scenarios[name].summary) }));
  if (without.length === 0) return sentences;
  const nobody = `Nobody lost a request in ${list(without)}.`;
  return [...sentences, { scenario: without[0], text: nobody }];
}

const countsFailures = ({ rows }) => rows.some(({ failures }) => Object.keys(failures ?? {}).length > 0);

function losers({ columns, rows }) {
  const key = columns.find((column) => column.key === 'beyond')?.key;
  const counted = choices(rows).map((row) => ({
    id: row.id,
    count: lostBy(row, key),
    failures: row.failures,
  }));
  return counted.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
}

function lostBy(row, beyond) {
  const value = beyond && figureOf(row, beyond);
  if (value) return value.rounds.reduce((sum, count) => sum + count, 0);
  return kinds(row.failures).reduce((sum, [, count]) => sum + count, 0);
}

/** Failures by kind, those there were. */
export function kinds(failures) {
  return Object.entries(failures ?? {}).filter(([kind, count]) => kind !== 'ok' && count > 0);
}

function loss(name, rows, { columns, rows: all }) {
  const isBeyond = columns.some(({ key }) => key === 'beyond');
  const where = isBeyond ? `${name}, beyond those inside a killed worker` : name;
  const named = rows.slice(0, 3).map(({ id, count }) => `${id} ${number(count)}`);
  const others = rows.length - named.length;
  const who = list(others > 0 ? [...named, `${others} more contestants`] : named);
  const rest = rows.length === choices(all).length ? '' : ' The others lost none.';
  return `Requests lost in ${where}: ${who}.${rest}`;
}

const choices = (rows) => rows.filter(({ id }) => !NO_CHOICE.has(id));

function withSpread({ median, low, high }, column) {
  return `${quantity(median, column)} (${number(low, column.digits)} to ${number(high, column.digits)})`;
}

function fromTo(values, column) {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => number(value, column.digits));
  return low === high ? quantity(values[0], column) : `${low} to ${high} ${column.unit ?? ''}`.trimEnd();
}

function times(behind, front) {
  const ratio = behind / front;
  return Number.isFinite(ratio) && ratio > 0 ? `, ${number(ratio, 2)} times that` : '';
}
