import Table from 'cli-table3';
import { medianRatio } from './statistics.mjs';

const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid', 'left-mid', 'mid-mid', 'right-mid', 'middle'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((part) => [`${side}${part}`, '']),
  ),
);

/** Rows of one contestant each; all columns but the first are figures. */
export function table(head, rows) {
  const colAligns = head.map((_, i) => (i === 0 ? 'left' : 'right'));
  const out = new Table({ head, colAligns, chars: { ...NO_BORDERS, middle: '  ' }, style: plain });
  out.push(...rows.map((row) => row.map(String)));
  return out.toString().replace(/ +$/gm, '');
}

const plain = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };

/** Median, with the least and the most where there was more than one round. */
export function figure({ median, least, most, values }, digits = 1) {
  const text = median.toFixed(digits);
  return values.length < 2 ? text : `${text} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}

/** See medianRatio(); `bases` is undefined where who is compared with did not take part. */
export function ratio(values, bases) {
  return bases === undefined ? '-' : medianRatio(values, bases).toFixed(2);
}

/** Failures by kind, those there were. */
export function failures(counts) {
  const kinds = Object.entries(counts).filter(([fate, count]) => fate !== 'ok' && count > 0);
  return kinds.length === 0 ? 'none' : kinds.map(([fate, count]) => `${count} ${fate}`).join(', ');
}

/** The last columns of every table: whether to believe the others. In the worst of the rounds:
 * late: the p99 of how late the load generator was, in ms; figures near it are its own, not the server's.
 * others: CPUs that were busy with something else; see elsewhere.mjs. */
export function trust(rounds) {
  const worst = (key) => Math.max(...rounds.map((round) => round[key])).toFixed(1);
  return 'lateP99' in rounds[0] ? [worst('lateP99'), worst('othersCpus')] : [worst('othersCpus')];
}

export const LATE = 'sent late p99';
export const OTHERS = "others' CPUs";
