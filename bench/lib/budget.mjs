// Keeps a run within the time it promises, however many peers a machine has. Pure.
import { plan } from './run.mjs';

/** The minutes promised, in seconds, less some for what goes slower than expected. */
export function budgetOf({ minutes, quick, guard }) {
  if (guard) return Number.POSITIVE_INFINITY; // it has the rounds it needs
  return (minutes ?? (quick ? 3 : 15)) * 60 * 0.95;
}

export const secondsOf = (parts) => plan(parts).stages.reduce((sum, { expected }) => sum + expected, 0);

/** First nobody keeps more than is enough, three rounds for most, for a median; then two; one has no spread. */
const LEVELS = [3, 2, 1];
const leastAt = (level, { scenario }) => Math.min(level, scenario.enough ?? 3);

/** Takes rounds away, one at a time where one takes the longest, until the run fits. Each keeps its last: so it may
 * still take longer.
 * @param {{scenario: object, contestants: object[], options: object}[]} parts
 * @returns {object[]} parts */
export function shorten(parts, budget) {
  let fitting = parts;
  for (const level of LEVELS) {
    while (secondsOf(fitting) > budget) {
      const total = secondsOf(fitting);
      const times = fitting.map((part, i) =>
        part.options.rounds > leastAt(level, part)
          ? total - secondsOf(fitting.with(i, withOneLess(part)))
          : 0,
      );
      const longest = times.indexOf(Math.max(...times));
      if (times[longest] === 0) break;
      fitting = fitting.map((part, i) => (i === longest ? withOneLess(part) : part));
    }
  }
  return fitting;
}

function withOneLess(part) {
  return { ...part, options: { ...part.options, rounds: part.options.rounds - 1 } };
}

/** @returns {string[]} what shorten() took away, for who reads the results */
export function cuts(parts, fitting) {
  return parts.flatMap(({ scenario, options: { rounds } }, i) => {
    const kept = fitting[i].options.rounds;
    return kept === rounds ? [] : [`${scenario.name} ${kept} of ${rounds}`];
  });
}
