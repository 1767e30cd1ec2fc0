// What moved between two reports. Pure.
import { isDeepStrictEqual } from 'node:util';
import { median } from './statistics.mjs';

const MACHINE = ['platform', 'cpu', 'cpus', 'kernel', 'node', 'benchNode', 'pinning'];

/** What scenarios had before they said so. */
const UNSAID = { clients: 64 };

/** Why two reports cannot be compared; [] if they can. The load average may differ: it is what noise is made of. */
export function differences(before, after) {
  const options = union(before.options, after.options);
  return [
    ...MACHINE.flatMap((key) => difference(key, before.machine[key], after.machine[key])),
    ...options.flatMap((key) => difference(key, before.options[key], after.options[key])),
    ...inBoth(before.scenarios, after.scenarios).flatMap((name) => {
      const [own, other] = [before, after].map(({ scenarios }) => ({
        ...UNSAID,
        ...scenarios[name].options,
      }));
      const keys = union(own, other).filter((key) => key !== 'node'); // where it lies; its version is compared above
      return keys.flatMap((key) => difference(`${key} of ${name}`, own[key], other[key]));
    }),
  ];
}

/** Every figure of both. It has moved if no round of one lies within the spread of the other's rounds. One round
 * has no spread: then nobody can tell, and it is neither moved nor the same.
 * @returns {{scenario: string, id: string, column: object, before: object, after: object,
 *   verdict: 'better' | 'worse' | 'moved' | 'same' | 'unknown'}[]} moved: where no direction is the better one */
export function compare(before, after) {
  return inBoth(before.scenarios, after.scenarios).flatMap((scenario) => {
    const [own, other] = [before, after].map(({ scenarios }) => scenarios[scenario].summary);
    return own.rows.flatMap((row) => {
      const its = other.rows.find(({ id }) => id === row.id);
      const shared = own.columns.filter(
        ({ key, base }) => base !== row.id && row.values[key] && its?.values[key],
      );
      return shared.map((column) => {
        const pair = { before: judged(row.values[column.key]), after: judged(its.values[column.key]) };
        return { scenario, id: row.id, column, ...pair, verdict: verdict(pair, column.better) };
      });
    });
  });
}

/** Which scenarios and contestants only one of them has, as 'scenario' or 'scenario: contestant'. */
export function onlyIn(one, other) {
  return Object.entries(one.scenarios).flatMap(([name, { summary }]) => {
    if (!(name in other.scenarios)) return [name];
    const has = new Set(other.scenarios[name].summary.rows.map(({ id }) => id));
    return summary.rows.filter(({ id }) => !has.has(id)).map(({ id }) => `${name}: ${id}`);
  });
}

/** How many would have moved if nothing had changed: of m and n rounds of the same kind in random order, the m lie
 * on one side of the n in 2 of (m + n over m) orders. */
export function byChance(figures) {
  const judged = figures.filter(({ verdict }) => verdict !== 'unknown');
  return judged.reduce((sum, { before, after }) => {
    const [m, n] = [before.rounds.length, after.rounds.length];
    return sum + 2 / choose(m + n, m);
  }, 0);
}

/** Reports have had another median of an even number of rounds. */
const judged = (value) => ({ ...value, median: median(value.rounds) });

function verdict({ before, after }, better) {
  if (before.rounds.length < 2 || after.rounds.length < 2) return 'unknown';
  if (after.low <= before.high && before.low <= after.high) return 'same';
  if (better === null) return 'moved';
  return after.median < before.median === (better === 'lower') ? 'better' : 'worse';
}

function choose(n, k) {
  let result = 1;
  for (let i = 1; i <= k; i++) result *= (n - k + i) / i;
  return result;
}

function difference(what, own, other) {
  const show = (value) => (value === undefined ? 'nothing' : String(value));
  return isDeepStrictEqual(own, other) ? [] : [`${what}: ${show(own)} there, ${show(other)} here`];
}

const union = (own, other) => [...new Set([...Object.keys(own), ...Object.keys(other)])];
const inBoth = (own, other) => Object.keys(own).filter((key) => key in other);
