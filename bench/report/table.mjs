// All figures of a scenario: medians, and below each its spread and how many times the best it is.
import { countsFailures, kinds } from './answer.mjs';
import { html } from './html.mjs';
import { best, figureOf, hasSpread, measures, number, times } from './numbers.mjs';

export function figures({ columns, rows }) {
  const measured = new Set(measures({ columns }));
  const bestOf = new Map(columns.map((column) => [column, measured.has(column) ? best(rows, column) : []]));
  const hasFailures = countsFailures({ rows });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="All figures">
<table>
<thead><tr><th scope="col">Contestant</th>${columns.map(head)}${hasFailures ? html`<th scope="col" class="text">Failures</th>` : undefined}</tr></thead>
<tbody>${rows.map(
    (row) => html`
<tr><th scope="row">${breakable(row.id)}</th>${columns.map((column) => cell(row, column, bestOf.get(column), bestOf.get(column).length === rows.length))}${hasFailures ? html`<td class="text">${failures(row)}</td>` : undefined}</tr>`,
  )}
</tbody>
</table>
</div>`;
}

function head({ label, unit, base, better }) {
  const shown = unit && !label.includes(unit) ? html` <span class="unit">${unit}</span>` : undefined;
  const note = base ? `÷ ${base}` : { lower: 'lower is better', higher: 'higher is better' }[better];
  return html`<th scope="col">${label}${shown}${note && !label.includes(note) ? html`<small>${note}</small>` : undefined}</th>`;
}

function cell(row, { key, digits }, bests, isEveryone) {
  const value = figureOf(row, key);
  if (value === undefined)
    return html`<td class="none"><span aria-hidden="true">–</span><span class="unseen">not measured</span></td>`;
  const { median, low, high } = value;
  const isBest = bests.includes(row) && !isEveryone;
  const spread =
    hasSpread(value) && low < high ? `${number(low, digits)}–${number(high, digits)}` : undefined;
  const base = bests[0] && figureOf(bests[0], key).median;
  const ratio = base > 0 ? `${times(median / base)}×` : undefined;
  const below = [spread, ratio].filter(Boolean).join(' · ');
  const mark = isBest ? html`<span class="unseen"> (best)</span>` : undefined;
  return html`<td${isBest ? html` class="best"` : undefined}>${number(median, digits)}${mark}${below ? html`<small>${below}</small>` : undefined}</td>`;
}

function failures({ failures }) {
  const found = kinds(failures);
  return found.length === 0 ? 'none' : found.map(([kind, count]) => `${number(count)} ${kind}`).join(', ');
}

/** Long ids may be broken behind their `/` and before their `@`. */
export function breakable(id) {
  return id.split(/(?<=\/)|(?=@)/).map((part, i) => (i === 0 ? part : html`<wbr>${part}`));
}
