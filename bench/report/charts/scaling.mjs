// The model carried on to more workers than were measured.
import { list, number } from '../numbers.mjs';
import { both } from './lines.mjs';
import { logDomain } from './ticks.mjs';

/** @param {{ [discipline: string]: [number, number][] }} scaling workers and simulated p99 in ms
 * @param {(discipline: string) => { color: string, dash: string }} look */
export function scaling(scaling, look) {
  const all = Object.entries(scaling ?? {})
    .map(([label, points]) => ({ label, points: points.filter(([workers, ms]) => workers > 0 && ms > 0) }))
    .filter(({ points }) => points.length > 0)
    .map((one) => ({ ...one, ...look(one.label) }));
  if (all.length === 0) return undefined;
  const counts = [...new Set(all.flatMap(({ points }) => points.map(([workers]) => workers)))];
  const times = all.flatMap(({ points }) => points.map(([, ms]) => ms));
  const ticks = counts.map(Math.log2);
  const chart = {
    lines: all.map((line) => ({
      ...line,
      points: line.points.map(([workers, ms]) => [Math.log2(workers), ms]),
    })),
    alternative: `Simulated p99 by workers. ${all.map(describe).join(' ')}`,
    x: {
      domain: [Math.min(...ticks), Math.max(...ticks)],
      ticks,
      format: (log) => number(2 ** log),
      label: 'workers',
    },
    y: {
      isLog: true,
      domain: logDomain(Math.min(...times), Math.max(...times)),
      label: 'p99, ms (simulated)',
    },
  };
  return { ...both(chart), legend: all };
}

function describe({ label, points }) {
  return `${label}: ${list(points.map(([workers, ms]) => `${number(ms, 1)} ms with ${workers}`))}.`;
}
