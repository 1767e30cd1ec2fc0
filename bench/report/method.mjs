// Where and how it was measured, and what was not.
import { html } from './html.mjs';
import { figureOf, list, number } from './numbers.mjs';
import { written } from './scenario.mjs';
import { breakable } from './table.mjs';

/** CPUs busy with something else from which on a figure may be of that, not of the contestant. */
const DISTURBED = 0.3;

export function method({ date, machine, options, seconds }) {
  const { mode, seed, workers, ...rest } = options;
  const facts = [
    ['Measured', moment(date)],
    ['Took', duration(seconds)],
    ['Mode', mode],
    ['Workers', workers],
    ['Seed', seed],
    ['Node of the contestants', machine.node],
    ['Node of the bench', machine.benchNode],
    ['Kernel', machine.kernel],
    ['Platform', machine.platform],
    ['CPU', machine.cpus === undefined ? machine.cpu : `${machine.cpus} × ${machine.cpu}`],
    ['CPUs', machine.pinning],
    [
      'Load average at the start',
      Number.isFinite(machine.loadAverage) ? machine.loadAverage.toFixed(1) : undefined,
    ],
    ...Object.entries(rest),
  ];
  const known = facts.filter(([, value]) => value !== undefined && value !== null && value !== '');
  return html`
<section id="method" aria-labelledby="method-title">
<h2 id="method-title">How it was measured</h2>
<p class="meaning">Contestants take turns in every round, so that what changes on the machine hits all of them; only
what stands in one table compares.</p>
<dl>${known.map(
    ([name, value]) => html`
<div><dt>${name}</dt><dd>${written(value)}</dd></div>`,
  )}
</dl>
</section>`;
}

export function notMeasured(report) {
  const absent = report.absent ?? [];
  const [gaps, disturbed] = [gapsOf(report), disturbedOf(report)];
  return html`
<section id="gaps" aria-labelledby="gaps-title">
<h2 id="gaps-title">What was not measured</h2>
${
  absent.length === 0
    ? html`<p>Every contestant asked for was there.</p>`
    : reasons(
        'Absent',
        absent.map(({ id, why }) => [id, why]),
      )
}
${gaps.length === 0 ? undefined : reasons('Figures that are missing', gaps)}
${disturbed.length === 0 ? undefined : reasons('Disturbed: CPUs that other processes kept busy, in the worst round', disturbed)}
</section>`;
}

function reasons(title, entries) {
  return html`<h3>${title}</h3>
<dl class="reasons">${entries.map(
    ([id, why]) => html`
<div><dt>${breakable(id)}</dt><dd>${why}</dd></div>`,
  )}
</dl>`;
}

/** Contestants without a figure. A ratio to somebody who did not take part is nobody's gap. */
export function gapsOf({ scenarios }) {
  return grouped(Object.entries(scenarios).flatMap(([name, { summary }]) => gapsIn(name, summary)));
}

function gapsIn(name, { columns, rows }) {
  const expected = columns.filter(({ base }) => base === undefined || rows.some(({ id }) => id === base));
  return rows.flatMap((row) => {
    const missing = expected.filter(({ key }) => figureOf(row, key) === undefined).map(({ label }) => label);
    return missing.length === 0 ? [] : [[row.id, `${name} (${list(missing)})`]];
  });
}

/** By the worst round; see elsewhere.mjs. */
export function disturbedOf({ scenarios }) {
  return grouped(
    Object.entries(scenarios).flatMap(([name, { results }]) =>
      Object.entries(results ?? {}).flatMap(([id, rounds]) => {
        const worst = Math.max(...[rounds].flat().map((round) => round?.othersCpus ?? 0));
        return worst >= DISTURBED ? [[id, `${number(worst, 1)} CPUs in ${name}`]] : [];
      }),
    ),
  );
}

/** One entry for each contestant. */
function grouped(entries) {
  const ids = [...new Set(entries.map(([id]) => id))];
  return ids.map((id) => [id, list(entries.filter(([one]) => one === id).map(([, what]) => what))]);
}

/** To the minute. */
export function moment(date) {
  const time = new Date(date);
  return Number.isNaN(time.getTime()) ? date : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function duration(seconds) {
  if (!Number.isFinite(seconds)) return undefined;
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${Math.round(seconds)} s` : `${minutes} min ${Math.round(seconds % 60)} s`;
}
