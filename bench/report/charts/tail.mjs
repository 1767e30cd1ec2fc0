// Latency by percentile, with an axis that gives each further nine of them the same room: the tail is what
// differs, and in a plain CDF it is the last pixel.

import { list, number } from '../numbers.mjs';
import { NARROW } from './draw.mjs';
import { familyOf } from './identity.mjs';
import { both, lines } from './lines.mjs';
import { logDomain } from './ticks.mjs';

/** More lines in one chart cannot be followed: then each family has one of its own. */
const MOST = 7;

/** @param {{ [label: string]: [number, number][] }} latency quantile (0 to 1) and ms
 * @param {(id: string) => { color: string, dash: string }} look
 * @param {{ label: string, points: [number, number][] }} [floor] simulated
 * @returns {{ caption: string, wide?, narrow, legend: object[] }[]} */
export function tails(latency, look, floor) {
  const all = named(latency, look);
  if (all.length === 0) return [];
  const scales = scalesOf([...all, ...(floor ? [floor] : [])]);
  const chart = (lines, grey = []) => ({
    ...scales,
    lines: floor ? [...lines, floor] : lines,
    grey,
    alternative: alternative(lines),
  });
  if (all.length <= MOST) return [{ ...both(chart(all)), legend: chart(all).lines }];
  return panels(all).map(({ caption, own }) => {
    const others = all.filter((one) => !own.some(({ id }) => id === one.id));
    return { caption, narrow: lines({ ...chart(own, others), width: NARROW, height: 290 }), legend: [] };
  });
}

/** Undefined without a simulation.
 * @param {{ [discipline: string]: [number, number][] }} [disciplines] simulated
 * @param {{ [label: string]: [number, number][] }} latency measured, to compare with: in grey
 * @param {(discipline: string) => { color: string, dash: string }} look */
export function simulatedTails(disciplines, latency, look) {
  const all = named(disciplines ?? {}, look);
  if (all.length === 0) return undefined;
  const grey = named(latency, () => ({ dash: 'none' }));
  const chart = {
    ...scalesOf([...all, ...grey]),
    lines: all,
    grey,
    alternative: `Simulated. ${alternative(all)}`,
  };
  return { ...both(chart), legend: all };
}

function named(latency, look) {
  return Object.entries(latency)
    .map(([id, points]) => ({ id, label: id, ...look(id), points: visible(points) }))
    .filter(({ points }) => points.length > 0);
}

/** A family each, and one for all who are the only one of theirs. */
function panels(all) {
  const families = [...new Set(all.map(({ id }) => familyOf(id)))].map((family) => ({
    caption: family,
    own: all.filter(({ id }) => familyOf(id) === family),
  }));
  const alone = families.filter(({ own }) => own.length === 1).flatMap(({ own }) => own);
  const within = ({ caption, own }) => ({
    caption,
    own: own.map((one) => ({ ...one, label: one.id.slice(caption.length + 1) || one.id })),
  });
  const several = families.filter(({ own }) => own.length > 1).map(within);
  return alone.length === 0
    ? several
    : [...several, { caption: 'One of a kind', own: alone.map(inTwoLines) }];
}

/** A long id leaves no room for the lines. */
function inTwoLines(line) {
  return line.id.length < 20 ? line : { ...line, label: line.id.replace('/', '/\n') };
}

/** The simulated discipline with the lowest p99. */
export function floorOf(disciplines) {
  const ends = Object.entries(disciplines ?? {}).map(([label, points]) => ({
    label,
    points: visible(points),
  }));
  const byTail = ends
    .filter(({ points }) => points.length > 0)
    .sort((a, b) => valueAt(a.points, 0.99) - valueAt(b.points, 0.99));
  const [floor] = byTail;
  return (
    floor && {
      ...floor,
      label: 'simulated floor',
      discipline: floor.label,
      color: 'var(--floor)',
      dash: '3 3',
    }
  );
}

/** Quantiles as nines: 1 is 90%, 2 is 99%. The slowest of all has no place on the axis, nor has 0 ms. */
function visible(points) {
  return points
    .filter(([quantile, ms]) => quantile >= 0 && quantile < 1 && ms > 0)
    .map(([quantile, ms]) => [-Math.log10(1 - quantile), ms])
    .sort(([a], [b]) => a - b);
}

/** Times; then the axis is a log axis. */
const FAR = 10;

const HALF = -Math.log10(0.5);

function scalesOf(all) {
  const points = all.flatMap((one) => one.points);
  const last = Math.max(...points.map(([nines]) => nines), 1);
  const ticks = [HALF, ...Array.from({ length: Math.floor(last + 1e-9) }, (_, i) => i + 1)];
  const percent = (nines) => `${number(100 * (1 - 10 ** -nines), Math.max(0, Math.floor(nines) - 2))}%`;
  return {
    x: { domain: [0, last], ticks, format: percent, label: 'requests answered within that time' },
    y: { ...timeAxis(all), label: 'ms from the scheduled arrival' },
  };
}

/** Linear, so that tails can be compared by eye, but where the longest would leave no room for the others. */
function timeAxis(all) {
  const ends = all.map(({ points }) => points.at(-1)[1]);
  const highest = Math.max(...ends);
  if (highest / Math.min(...ends) > FAR) {
    const lowest = Math.min(...all.flatMap(({ points }) => points.map(([, ms]) => ms)));
    return { isLog: true, domain: logDomain(lowest, highest) };
  }
  return { isLog: false, domain: [0, highest] };
}

/** The value at a quantile, or at the one before it that was given. */
function valueAt(points, quantile) {
  const reached = points.filter(([nines]) => nines <= -Math.log10(1 - quantile) + 1e-9);
  return (reached.at(-1) ?? points[0])[1];
}

function alternative(lines) {
  const described = lines.map(({ id, points }) => `${id} ${number(valueAt(points, 0.99), 1)} ms`);
  return `Latency by percentile. At the 99th: ${list(described)}.`;
}
