import { byChance, compare, differences, onlyIn } from './compare.mjs';
import { figure, table } from './table.mjs';
import { UsageError } from './usage-error.mjs';

/** What moved between two reports, as text. Pure.
 * @throws UsageError if they are of different machines, versions or options, unless forced */
export function compared(before, after, { force }) {
  const reasons = differences(before, after);
  const list = (lines) => lines.map((line) => `  ${line}`).join('\n');
  if (reasons.length > 0 && !force) {
    throw new UsageError(
      `the two cannot be compared, what moved would not be evenkeel (--force does it nonetheless):\n${list(reasons)}`,
    );
  }
  const figures = compare(before, after);
  const moved = figures.filter(({ verdict }) => !['same', 'unknown'].includes(verdict));
  const single = figures.filter(({ verdict }) => verdict === 'unknown').length;
  const missing = [
    ...onlyIn(before, after).map((what) => `${what}: only in the first`),
    ...onlyIn(after, before).map((what) => `${what}: only in the second`),
  ];
  return [
    reasons.length > 0 ? `Forced, although they differ:\n${list(reasons)}` : '',
    moved.length > 0 ? tableOf(moved) : '',
    `${moved.length} of ${figures.length - single} figures moved beyond the noise; by chance alone about ${byChance(figures).toFixed(1)} would.`,
    single > 0 ? `${single} more have one round on a side, and so no spread to judge them by.` : '',
    missing.length > 0 ? `Not compared:\n${list(missing)}` : '',
  ]
    .filter(Boolean)
    .join('\n\n');
}

function tableOf(moved) {
  const rows = moved.map(({ scenario, id, column, before, after, verdict }) => [
    `${scenario}: ${id}`,
    [column.label, column.unit].filter(Boolean).join(', '),
    figure(before, column.digits),
    figure(after, column.digits),
    before.median === 0 ? '-' : (after.median / before.median).toFixed(2),
    verdict,
  ]);
  return table(['', 'figure', 'before', 'after', '÷', ''], rows);
}
