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
  return out.toString();
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

/** How late the load generator was, in the worst of the rounds, in ms: figures near it are its own. */
export function latest(rounds) {
  return Math.max(...rounds.map(({ lateP99 }) => lateP99)).toFixed(1);
}
