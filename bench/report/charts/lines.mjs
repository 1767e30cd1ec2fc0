// Lines with their names at their ends, and beside them, in grey, others to compare with.
import * as Plot from '@observablehq/plot';
import { apart, draw, NARROW, WIDE } from './draw.mjs';
import { axisOf } from './ticks.mjs';

const Y = { grid: Plot.gridY, axis: Plot.axisY };

/** @typedef {{ label: string, color: string, dash: string, points: [number, number][] }} Line */

/** @param {{ alternative: string, lines: Line[], grey?: Line[], width: number, height: number, x: Axis, y: Axis }} chart
 * @typedef {{ domain: [number, number], label: string }} Axis
 * x is linear and has `ticks` and their `format`; y is a log axis if it `isLog` */
export function lines({ alternative, lines, grey = [], width, height, x, y, hasNames = true }) {
  const longest = Math.max(...lines.flatMap(({ label }) => label.split('\n')).map(({ length }) => length));
  return draw(alternative, {
    width,
    height,
    marginTop: 28,
    marginLeft: 46,
    marginBottom: 40,
    marginRight: hasNames ? Math.min(width * 0.45, 16 + longest * 7.1) : 26,
    x: { domain: x.domain },
    y: y.isLog ? { type: 'log', domain: y.domain } : { domain: y.domain, nice: 5 },
    marks: [
      ...axisOf(Y, y, { label: y.label, labelArrow: 'none' }),
      Plot.axisX(x.ticks, { text: x.format, label: x.label, labelAnchor: 'center', labelArrow: 'none' }),
      ...grey.map(({ points, dash }) => line(points, { stroke: 'var(--context)', strokeWidth: 1, dash })),
      ...lines.map(({ points, color, dash }) => line(points, { stroke: color, strokeWidth: 2, dash })),
      ...(hasNames ? [names(lines, height)] : []),
    ],
  });
}

function line(points, { dash, ...options }) {
  return Plot.line(points, { curve: 'linear', strokeDasharray: dash, strokeLinecap: 'butt', ...options });
}

/** At the last point of each line, moved apart where they would lie upon each other. */
function names(lines, height) {
  const gap = lines.some(({ label }) => label.includes('\n')) ? 28 : 15;
  const ends = lines.map(({ points, ...line }) => ({ ...line, end: points.at(-1) }));
  return Plot.text(
    ends,
    Plot.initializer(
      {
        x: ({ end }) => end[0],
        y: ({ end }) => end[1],
        text: 'label',
        fill: ({ color }) => color,
        textAnchor: 'start',
        frameAnchor: 'right',
        dx: 8,
        fontWeight: 600,
      },
      (data, facets, { y: { value: values } }, { y }) => ({
        data,
        facets,
        channels: { y: { value: apart(Array.from(values, y), gap, gap / 2, height - gap / 2) } },
      }),
    ),
  );
}

/** A chart for a wide page, with names at the lines, and one for a phone, with a legend below. */
export function both(chart) {
  const narrow = { ...chart, width: NARROW, height: 300, hasNames: false };
  return { wide: lines({ ...chart, width: WIDE, height: 400 }), narrow: lines(narrow) };
}
