// The model carried on to more workers than were measured.
import { list, number } from '../numbers.mjs';
import { both } from './lines.mjs';
import { plain } from './tail.mjs';

/** @param {{ [discipline: string]: [number, number][] }} scaling workers and simulated p99 in ms */
export function scaling(scaling) {
  const all = Object.entries(scaling ?? {})
    .map(([label, points]) => ({ label, points: points.filter(([workers, ms]) => workers > 0 && ms > 0) }))
    .filter(({ points }) => points.length > 0)
    .map((one, i) => ({ ...one, color: `var(--hue-${i % 7})`, dash: i < 7 ? 'none' : '7 3' }));
  if (all.length === 0) return undefined;
  const ticks = [...new Set(all.flatMap(({ points }) => points.map(([workers]) => workers)))];
  const chart = {
    lines: all,
    alternative: `Simulated p99 by workers. ${all.map(describe).join(' ')}`,
    x: { type: 'log', base: 2, ticks, tickFormat: String, label: 'workers' },
    y: { type: 'log', label: 'p99, ms (simulated)', tickFormat: plain, ticks: 5, nice: true },
  };
  return { ...both(chart), legend: all };
}

function describe({ label, points }) {
  return `${label}: ${list(points.map(([workers, ms]) => `${number(ms, 1)} ms with ${workers}`))}.`;
}
