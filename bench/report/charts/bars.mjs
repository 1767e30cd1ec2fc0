// One figure of every contestant: bars from 0 with whiskers from the lowest to the highest round. Where the
// figures differ by so much that most bars would vanish, dots on a log axis: a bar has no meaning there.
import * as Plot from '@observablehq/plot';
import { figureOf, list, number, quantity, ranked } from '../numbers.mjs';
import { draw, HALO, NARROW } from './draw.mjs';
import { axisOf } from './ticks.mjs';

const X = { grid: Plot.gridX, axis: Plot.axisX };
const ROW = 36; // px: the name, and below it the bar
const FAR = 40; // times

export function bars({ rows }, column, look) {
  const having = rows.filter((row) => figureOf(row, column.key) !== undefined);
  if (having.length === 0) return undefined;
  const data = having.map(({ id, values }) => ({ id, ...values[column.key], ...look(id) }));
  const lowest = Math.min(...data.map(({ low }) => low));
  const highest = Math.max(...data.map(({ high }) => high));
  const isLog = lowest > 0 && highest / lowest > FAR;
  const domain = isLog ? [lowest / 1.3, highest] : [Math.min(0, lowest), highest || 1];
  const text = data.map((one) => number(one.median, column.digits));
  return draw(alternative(rows, column), {
    width: NARROW,
    height: having.length * ROW + 40,
    marginLeft: 4,
    marginRight: 14 + Math.max(...text.map((one) => one.length)) * 8,
    marginTop: 4,
    marginBottom: 36,
    x: { type: isLog ? 'log' : 'linear', domain },
    y: { axis: null, domain: data.map(({ id }) => id), padding: 0 },
    marks: [
      ...axisOf(
        X,
        { domain, isLog },
        { label: unitLabel(column, isLog), labelAnchor: 'left', labelArrow: 'none' },
      ),
      ...(isLog
        ? []
        : [Plot.barX(data, { x: 'median', y: 'id', fill: 'color', insetTop: 18, insetBottom: 4, rx: 2 })]),
      ...whiskers(data),
      ...(isLog ? [Plot.dot(data, { x: 'median', y: 'id', dy: 7, r: 4.5, fill: 'color' })] : []),
      Plot.text(data, { y: 'id', text: 'id', frameAnchor: 'left', textAnchor: 'start', dy: -9, ...HALO }),
      Plot.text(data, {
        y: 'id',
        x: 'high',
        text: (_, i) => text[i],
        textAnchor: 'start',
        dx: 6,
        dy: 7,
        ...bold,
      }),
    ],
  });
}

const bold = { fontWeight: 600, fontVariant: 'tabular-nums' };

function whiskers(data) {
  const spread = data.filter(({ low, high }) => low < high);
  const stroke = { stroke: 'var(--text)', strokeWidth: 1.2 };
  const end = { ...stroke, y: 'id', insetTop: 20, insetBottom: 6 };
  return [
    Plot.link(spread, { x1: 'low', x2: 'high', y: 'id', dy: 7, ...stroke }),
    Plot.tickX(spread, { x: 'low', ...end }),
    Plot.tickX(spread, { x: 'high', ...end }),
  ];
}

function unitLabel({ unit }, isLog) {
  return [unit, isLog ? 'log scale' : undefined].filter(Boolean).join(', ') || null;
}

function alternative(rows, column) {
  const order = ranked(rows, column).map(
    ({ id, values }) => `${id} ${quantity(values[column.key].median, column)}`,
  );
  return `${column.label}, medians: ${list(order)}.`;
}
