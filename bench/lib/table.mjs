import Table from 'cli-table3';

const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid', 'left-mid', 'mid-mid', 'right-mid', 'middle'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((part) => [`${side}${part}`, '']),
  ),
);

/** The last columns of every table: whether to believe the others. In the worst of the rounds:
 * late: the p99 of how late the load generator was, in ms; figures near it are its own, not the server's.
 * others: CPUs that were busy with something else; see elsewhere.mjs. */
const TRUST = { lateP99: 'sent late p99', othersCpus: "others' CPUs" };

/** Rows of one contestant each; all columns but the first are figures. */
export function table(head, rows) {
  const colAligns = head.map((_, i) => (i === 0 ? 'left' : 'right'));
  const out = new Table({ head, colAligns, chars: { ...NO_BORDERS, middle: '  ' }, style: plain });
  out.push(...rows.map((row) => row.map(String)));
  return out.toString().replace(/ +$/gm, '');
}

const plain = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };

/** Any scenario's table: what it measured, the failures, and how far to trust it. */
export function summaryTable({ columns, rows }, results) {
  const marks = Object.keys(TRUST).filter((key) => rows.some(({ id }) => isMeasured(results[id], key)));
  const head = [
    '',
    ...columns.map(({ label, unit }) => [label, unit].filter(Boolean).join(', ')),
    'failures',
    ...marks.map((key) => TRUST[key]),
  ];
  const lines = rows.map(({ id, values, failures: counts }) => [
    id,
    ...columns.map(({ key, digits }) => figure(values[key], digits)),
    failures(counts),
    ...marks.map((key) => trust(results[id], key)),
  ]);
  return table(head, lines);
}

/** Median, with the least and the most where there was more than one round. */
export function figure(value, digits = 1) {
  if (value === undefined) return '-';
  const { median, low, high, rounds } = value;
  const text = median.toFixed(digits);
  return rounds.length < 2 ? text : `${text} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

/** Failures by kind, those there were. */
export function failures(counts) {
  const kinds = Object.entries(counts);
  return kinds.length === 0 ? 'none' : kinds.map(([fate, count]) => `${count} ${fate}`).join(', ');
}

/** The worst of the rounds. Who is simulated has no such figure. */
function trust(rounds, key) {
  return isMeasured(rounds, key) ? Math.max(...rounds.map((round) => round[key])).toFixed(1) : '-';
}

function isMeasured(rounds, key) {
  return rounds?.length > 0 && rounds.every((round) => Number.isFinite(round[key]));
}
