// The answer first: sentences for someone choosing, each with the figures it is computed from. Where spreads
// overlap there is none: another run might say the opposite.
import { figureOf, list, measures, number, parted, quantity, times } from './numbers.mjs';

/** In every run for comparison, but nobody's choice for many cores. */
const NO_CHOICE = new Set(['one-process', 'ideal']);

/** The questions a person has, in their order: where the answer is, and what it is about. A scenario that is not here,
 * or has not that figure, is asked for its first. */
const QUESTIONS = [
  ['cpu', 'microseconds', 'Least CPU time per connection'],
  ['skew', 'p99', 'Shortest tail under mixed work (p99)'],
  ['stall', 'p99', 'Shortest tail beside a blocked worker (p99)'],
  ['fairness', 'held', 'Evenest spread of held connections (fullest worker over the mean)'],
];

/** @typedef {{ scenario: string, about: string, text: string }} Answer */

/** @returns {Answer[]} */
export function answers({ scenarios }) {
  const asked = QUESTIONS.filter(([name, key]) =>
    scenarios[name]?.summary.columns.some((one) => one.key === key),
  );
  const others = Object.keys(scenarios).filter((name) => asked.every(([other]) => other !== name));
  return [
    ...asked.map(([name, key, about]) => lead(name, scenarios[name].summary, key, about)),
    ...others.map((name) => firstOf(name, scenarios[name].summary)),
    ...lost(scenarios),
  ].filter((answer) => answer !== undefined);
}

/** Who leads in a column; where those are more than half, who is behind; undefined if nobody is apart. */
export function lead(scenario, { columns, rows }, key, about) {
  const column = columns.find((one) => one.key === key);
  const found = column && parted(choices(rows), column);
  if (found === undefined) return undefined;
  const { front, behind } = found;
  const one = ({ id, values }) => `${id} with ${withSpread(values[key], column)}`;
  if (front.length > behind.length) {
    const who = front.length > 4 ? `${front.length} contestants` : list(front.map(({ id }) => id));
    const text = `${who} are too near each other to tell, ${fromTo(front, column)}. Behind them: ${list(behind.map(one))}.`;
    return { scenario, about, text };
  }
  const leading =
    front.length === 1 ? one(front[0]) : `${list(front.map(({ id }) => id))} with ${fromTo(front, column)}`;
  const ratio = timesOf(behind[0].values[key].median, front.at(-1).values[key].median);
  return { scenario, about, text: `${leading}. Next came ${one(behind[0])}${ratio}.` };
}

function firstOf(name, summary) {
  const [column] = measures(summary);
  if (column === undefined) return undefined;
  const which = column.better === 'higher' ? 'highest' : 'lowest';
  return lead(name, summary, column.key, `${column.label}, ${which} in ${name}`);
}

/** Requests without an answer, by scenario. Those inside a killed process die with it, whoever balances: where a
 * scenario counts what failed beyond them, that counts.
 * @returns {Answer[]} */
export function lost(scenarios) {
  const counting = Object.entries(scenarios).filter(([, { summary }]) => countsFailures(summary));
  const losses = counting.map(([scenario, { summary }]) => ({ scenario, summary, rows: losers(summary) }));
  const clean = losses.filter(({ rows }) => rows.length === 0).map(({ scenario }) => scenario);
  const dirty = losses.filter(({ rows }) => rows.length > 0);
  const about = 'Lost requests';
  const sentences = dirty.map(({ scenario, summary, rows }) => ({
    scenario,
    about,
    text: loss(scenario, rows, summary),
  }));
  if (clean.length === 0) return sentences;
  return [...sentences, { scenario: clean[0], about, text: `nobody lost any in ${list(clean)}.` }];
}

export const countsFailures = ({ rows }) =>
  rows.some(({ failures }) => Object.keys(failures ?? {}).length > 0);

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

function loss(name, rows, summary) {
  const isBeyond = summary.columns.some(({ key }) => key === 'beyond');
  const where = isBeyond ? `${name}, beyond those inside a killed worker` : name;
  const named = rows.slice(0, 3).map(({ id, count }) => `${id} ${number(count)}`);
  const more = rows.length - named.length;
  const who = list(more > 0 ? [...named, `${more} more contestants`] : named);
  const rest = rows.length === choices(summary.rows).length ? '' : ' The others lost none.';
  return `in ${where}: ${who}.${rest}`;
}

const choices = (rows) => rows.filter(({ id }) => !NO_CHOICE.has(id));

function withSpread({ median, low, high }, column) {
  return `${quantity(median, column)} (${number(low, column.digits)} to ${number(high, column.digits)})`;
}

/** Of medians. */
function fromTo(rows, { key, digits, unit }) {
  const medians = rows.map(({ values }) => values[key].median);
  const [low, high] = [Math.min(...medians), Math.max(...medians)].map((value) => number(value, digits));
  return `${low === high ? low : `${low} to ${high}`} ${unit ?? ''}`.trimEnd();
}

function timesOf(value, front) {
  const ratio = value / front;
  return Number.isFinite(ratio) && ratio > 0 ? `, ${times(ratio)} times that` : '';
}
