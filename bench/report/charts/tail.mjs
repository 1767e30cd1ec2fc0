// Latency by percentile, with an axis that gives each further nine of them the same room: the tail is what
// differs, and in a plain CDF it is the last pixel.

import { list, number } from '../numbers.mjs';
import { NARROW } from './draw.mjs';
import { familyOf } from './identity.mjs';
import { both, lines } from './lines.mjs';

/** More lines in one chart cannot be followed: then each family has one of its own. */
const MOST = 7;

/** @param {{ [label: string]: [number, number][] }} latency quantile (0 to 1) and ms
 * @param {(id: string) => { color: string, dash: string }} look
 * @param {{ label: string, points: [number, number][] }} [floor] simulated
 * @returns {{ caption: string, wide?, narrow, legend: object[] }[]} */
export function tails(latency, look, floor) {
  const all = Object.entries(latency)
    .map(([id, points]) => ({ id, label: id, ...look(id), points: visible(points) }))
    .filter(({ points }) => points.length > 0);
  if (all.length === 0) return [];
  const scales = scalesOf([...all, ...(floor ? [floor] : [])]);
  const chart = (lines, grey = []) => ({
    ...scales,
    lines: floor ? [...lines, floor] : lines,
    grey,
    alternative: alternative(lines),
  });
  if (all.length <= MOST) return [{ ...both(chart(all)), legend: chart(all).lines }];
  return [...new Set(all.map(({ id }) => familyOf(id)))].map((family) => {
    const isMember = ({ id }) => familyOf(id) === family;
    const own = all
      .filter(isMember)
      .map((one) => ({ ...one, label: one.id.slice(family.length + 1) || one.id }));
    const others = all.filter((one) => !isMember(one));
    const panel = { ...chart(own, others), width: NARROW, height: 280 };
    return { caption: family, narrow: lines(panel), legend: [] };
  });
}

/** The simulated discipline with the lowest p99: no balancer can be better. */
export function floorOf(disciplines) {
  const ends = Object.entries(disciplines ?? {}).map(([label, points]) => ({
    label,
    points: visible(points),
  }));
  const byTail = ends
    .filter(({ points }) => points.length > 0)
    .sort((a, b) => valueAt(a.points, 0.99) - valueAt(b.points, 0.99));
  const [floor] = byTail;
  return floor && { ...floor, label: `${floor.label} (simulated)`, color: 'var(--floor)', dash: '3 3' };
}

/** Quantiles as shares that are slower. The slowest of all has no place on the axis, nor has 0 ms. */
function visible(points) {
  return points
    .filter(([quantile, ms]) => quantile >= 0 && quantile < 1 && ms > 0)
    .map(([quantile, ms]) => [1 - quantile, ms])
    .sort(([a], [b]) => b - a);
}

function scalesOf(all) {
  const rarest = Math.min(...all.flatMap(({ points }) => points.map(([rest]) => rest)), 0.1);
  const nines = Math.ceil(-Math.log10(rarest) - 1e-9);
  const ticks = [1, 0.5, ...Array.from({ length: nines }, (_, i) => 10 ** -(i + 1))];
  const percent = (rest) => `${number(100 * (1 - rest), Math.max(0, Math.round(-Math.log10(rest)) - 2))}%`;
  const domain = [1, rarest];
  return {
    x: { type: 'log', domain, ticks, tickFormat: percent, label: 'share of the requests that was as fast' },
    y: { type: 'log', label: 'ms from the scheduled arrival', tickFormat: plain, ticks: 5, nice: true },
  };
}

/** Of a decade 1, 2 and 5 are written. */
export function plain(value) {
  const digit = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((one) => Math.abs(one - digit) < 1e-6) ? number(value, 0) : '';
}

/** The value at a quantile, or at the one before it that was given. */
function valueAt(points, quantile) {
  const reached = points.filter(([rest]) => rest >= 1 - quantile - 1e-9);
  return (reached.at(-1) ?? points[0])[1];
}

function alternative(lines) {
  const described = lines.map(({ id, points }) => `${id} ${number(valueAt(points, 0.99), 1)} ms`);
  return `Latency by percentile. At the 99th: ${list(described)}.`;
}
