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

const TITLE = 16;

/** Rows of one contestant each; all columns but the first are figures. */
export function table(head, rows) {
  const colAligns = head.map((_, i) => (i === 0 ? 'left' : 'right'));
  const out = new Table({ head, colAligns, chars: { ...NO_BORDERS, middle: '  ' }, style: plain });
  out.push(...rows.map((row) => row.map(String)));
  return out.toString().replace(/ +$/gm, '');
}

const plain = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };

/** Any scenario's table: what it measured, the failures, and how far to trust it.
 * @param {number} [width] of the terminal: where the lines would be longer, spreads go below their medians */
export function summaryTable({ columns, rows }, results, width = Number.POSITIVE_INFINITY) {
  const marks = Object.keys(TRUST).filter((key) => rows.some(({ id }) => isMeasured(results[id], key)));
  const titles = columns.map(({ label, unit }) => [label, unit].filter(Boolean).join(', '));
  const head = ['', ...titles, 'failures', ...marks.map((key) => TRUST[key])].map(broken);
  const draw = (gap) =>
    table(
      head,
      rows.map(({ id, values, failures: counts }) => [
        id,
        ...columns.map(({ key, digits }) => figure(values[key], digits, gap)),
        failures(counts, gap === ' ' ? ', ' : ',\n'),
        ...marks.map((key) => trust(results[id], key)),
      ]),
    );
  const wide = draw(' ');
  return Math.max(...wide.split('\n').map((line) => line.length)) <= width ? wide : draw('\n');
}

/** On several lines, none of them wider than a figure where spaces and slashes allow it. */
function broken(text) {
  const lines = [''];
  for (const word of text.match(/[^ /]*[ /]|[^ /]+/g) ?? []) {
    if (lines.at(-1).length + word.trimEnd().length <= TITLE) lines.push(lines.pop() + word);
    else lines.push(word);
  }
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** Median, with the least and the most where there was more than one round. */
export function figure(value, digits = 1, gap = ' ') {
  if (value === undefined) return '-';
  const { median, low, high, rounds } = value;
  const text = median.toFixed(digits);
  return rounds.length < 2 ? text : `${text}${gap}(${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

/** Failures by kind, those there were. */
export function failures(counts, gap = ', ') {
  const kinds = Object.entries(counts);
  return kinds.length === 0 ? 'none' : kinds.map(([fate, count]) => `${count} ${fate}`).join(gap);
}

/** The worst of the rounds. Who is simulated has no such figure. */
function trust(rounds, key) {
  return isMeasured(rounds, key) ? Math.max(...rounds.map((round) => round[key])).toFixed(1) : '-';
}

function isMeasured(rounds, key) {
  return rounds?.length > 0 && rounds.every((round) => Number.isFinite(round[key]));
}
