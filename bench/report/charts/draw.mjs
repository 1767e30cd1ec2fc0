// Observable Plot draws on a document that is not a browser's: it knows scales, log axes and facets, and lets
// a colour be a CSS variable, so that one SVG serves light, dark and paper. (Vega measures text by a canvas or by a
// guess, ECharts knows no CSS variables.) The page shows finished SVG and runs no script.
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { markup } from '../html.mjs';

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** px; a chart fills its column in the page and is scaled to it. Half a wide page, and all of a phone's. */
export const NARROW = 400;
export const WIDE = 920;

/** Keeps a text readable where a grid line crosses it. */
export const HALO = { fill: 'currentColor', stroke: 'var(--paper)', strokeWidth: 3 };

/** @param {string} alternative what the chart shows, for who cannot see it */
export function draw(alternative, options) {
  const svg = Plot.plot({ document, className: 'plot', style: { fontSize: '12px' }, ...options });
  svg.querySelector('style')?.remove(); // the page has one for all
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', alternative);
  return markup(svg.outerHTML);
}

/** Positions moved apart just so far that no two are nearer than `gap`, in the same order, and within `from` and
 * `to` if there is room. Those that crowd are spread around their middle. Pure. */
export function apart(positions, gap, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY) {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a] - positions[b]);
  const groups = [];
  for (const i of order) {
    let group = { members: [i], middle: positions[i] };
    while (groups.length > 0 && endOf(groups.at(-1), gap) > beginOf(group, gap))
      group = join(groups.pop(), group);
    groups.push(group);
  }
  const moved = groups.flatMap((group) => group.members.map((_, k) => beginOf(group, gap) + (k + 0.5) * gap));
  const last = moved.length - 1;
  for (let k = last; k >= 0; k--) moved[k] = Math.min(moved[k], k === last ? to : moved[k + 1] - gap);
  for (let k = 0; k <= last; k++) moved[k] = Math.max(moved[k], k === 0 ? from : moved[k - 1] + gap);
  return positions.map((_, i) => moved[order.indexOf(i)]);
}

const beginOf = ({ members, middle }, gap) => middle - (members.length * gap) / 2;
const endOf = ({ members, middle }, gap) => middle + (members.length * gap) / 2;

function join(a, b) {
  const members = [...a.members, ...b.members];
  const middle = (a.middle * a.members.length + b.middle * b.members.length) / members.length;
  return { members, middle };
}
