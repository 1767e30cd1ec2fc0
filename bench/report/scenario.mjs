// A scenario's section: what was asked, the charts, all figures, failures, options.
import { bars } from './charts/bars.mjs';
import { floorOf, tails } from './charts/tail.mjs';
import { workers } from './charts/workers.mjs';
import { html } from './html.mjs';
import { meaningOf } from './meanings.mjs';
import { measures } from './numbers.mjs';
import { figures } from './table.mjs';

/** @param {object} [disciplines] simulated latencies, for the floor in the chart of the tail */
export function scenario(name, { title, options, summary }, look, disciplines) {
  const { latency = {}, workers: counts = {} } = summary.distributions ?? {};
  const floor = floorOf(disciplines);
  return html`
<section id="${anchor(name)}" aria-labelledby="${anchor(name)}-title">
<h2 id="${anchor(name)}-title"><span class="name">${name}</span> ${title}</h2>
${paragraph(meaningOf(name))}
${tailFigures(tails(latency, look, floor), floor)}
<div class="grid">
${measures(summary).map((column) => chart(bars(summary, column, look), caption(column)))}
${chart(workers(counts, look), 'Connections of each worker, the fullest first (dashed: the even share)')}
</div>
${figures(summary)}
${optionList(options)}
</section>`;
}

export const anchor = (name) => `scenario-${encodeURIComponent(name).replace(/%/g, '_')}`;

const paragraph = (text) => text && html`<p class="meaning">${text}</p>`;

const caption = ({ label, better }) => `${label} (${better} is better)`;

function chart(svg, caption) {
  return svg && html`<figure><figcaption>${caption}</figcaption>${svg}</figure>`;
}

function tailFigures(panels, floor) {
  if (panels.length === 0) return undefined;
  const note =
    floor &&
    html`<p class="note">Simulated floor: “${floor.discipline}”, the discipline with the shortest tail in a simulation of the same work.
It is no measurement.</p>`;
  if (panels.length === 1)
    return html`${twoSizes(panels[0], 'Latency by percentile (lower is better)')}${note}`;
  return html`<h3>Latency by percentile (lower is better); in grey all others</h3>
<div class="grid">${panels.map(({ caption, narrow }) => chart(narrow, caption))}</div>${note}`;
}

/** One drawing with names at the lines, and for a phone another with a legend. */
export function twoSizes({ wide, narrow, legend }, caption) {
  return html`<figure><figcaption>${caption}</figcaption>
<div class="on-wide">${wide}</div>
<div class="on-narrow">${narrow}
<ul class="legend">${legend.map(
    ({ label, color, dash }) => html`
<li><svg width="34" height="10" aria-hidden="true"><line x1="0" x2="34" y1="5" y2="5" stroke-width="2.5" stroke="${color}" stroke-dasharray="${dash}"/></svg> ${label}</li>`,
  )}
</ul></div></figure>`;
}

function optionList(options) {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== '');
  if (entries.length === 0) return undefined;
  const shown = entries.map(([name, value]) => html`${name} <b>${written(value)}</b>`);
  return html`<p class="options">Options: ${shown.map((one, i) => (i === 0 ? one : html`, ${one}`))}</p>`;
}

export function written(value) {
  if (Array.isArray(value)) return value.map(written).join(' ');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
