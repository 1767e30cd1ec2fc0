// What each worker had: a bar for a worker, the fullest first, and a line at the even share.
import * as Plot from '@observablehq/plot';
import { maxOverMean } from '../../lib/statistics.mjs';
import { list, number } from '../numbers.mjs';
import { draw, NARROW } from './draw.mjs';

const ROW = 62; // px

export function workers(counts, look) {
  const contestants = Object.entries(counts)
    .map(([id, all]) => ({ id, all: all.filter(Number.isFinite).sort((a, b) => b - a) }))
    .filter(({ all }) => all.some((count) => count > 0));
  if (contestants.length === 0) return undefined;
  const data = contestants.flatMap(({ id, all }) =>
    all.map((count, rank) => ({ id, rank, share: count / mean(all), ...look(id) })),
  );
  const highest = Math.max(...data.map(({ share }) => share));
  return draw(alternative(contestants), {
    width: NARROW,
    height: contestants.length * ROW + 26,
    marginLeft: 4,
    marginRight: 92,
    marginTop: 22,
    marginBottom: 4,
    x: { axis: null, padding: 0.12, type: 'band' },
    y: { axis: null, domain: [0, highest * 1.05] },
    fy: { axis: null, domain: contestants.map(({ id }) => id), padding: 0.35 },
    marks: [
      Plot.barY(data, { fy: 'id', x: 'rank', y: 'share', fill: 'color' }),
      Plot.ruleY(contestants, {
        fy: 'id',
        y: 1,
        stroke: 'var(--text)',
        strokeWidth: 1,
        strokeDasharray: '3 2',
      }),
      Plot.text(contestants, { fy: 'id', text: 'id', frameAnchor: 'top-left', dy: -14 }),
      Plot.text(contestants, {
        fy: 'id',
        text: ({ all }) => `${number(maxOverMean(all), 2)} × mean`,
        frameAnchor: 'right',
        textAnchor: 'start',
        dx: 6,
        fontWeight: 600,
      }),
    ],
  });
}

const mean = (all) => all.reduce((sum, count) => sum + count, 0) / all.length;

function alternative(contestants) {
  const described = contestants.map(({ id, all }) => `${id} ${list(all.map((count) => number(count)))}`);
  return `Connections of each worker: ${described.join('; ')}.`;
}
