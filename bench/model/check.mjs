// The model beside what was measured, where both played the same arrivals.
import { table } from '../lib/table.mjs';
import { counterpartOf } from './catalogue.mjs';

const FIGURES = ['p50', 'p99'];

/** Leaves out who has no counterpart, and who has no such figure: not all of its rounds had one.
 * @param {object} summary of the skew scenario
 * @param {Record<string, Record<string, number>>} model figures by discipline
 * @returns {{id: string, discipline: string, [figure: string]: {measured: number, model: number, ratio: number}}[]}
 * ratio: measured over model */
export function check(summary, model) {
  return summary.rows.flatMap(({ id, values }) => {
    const discipline = counterpartOf(id);
    if (discipline === undefined || FIGURES.some((figure) => values[figure] === undefined)) return [];
    const figures = FIGURES.map((figure) => {
      const measured = values[figure].median;
      return [
        figure,
        { measured, model: model[discipline][figure], ratio: measured / model[discipline][figure] },
      ];
    });
    return [{ id, discipline, ...Object.fromEntries(figures) }];
  });
}

export function printCheck(rows) {
  const head = FIGURES.flatMap((figure) => [figure, 'model', '÷']);
  const cells = rows.map(({ id, discipline, ...figures }) => [
    id,
    discipline,
    ...FIGURES.flatMap((figure) => {
      const { measured, model, ratio } = figures[figure];
      return [measured.toFixed(1), model.toFixed(1), ratio.toFixed(2)];
    }),
  ]);
  return table(['', 'works like', ...head], cells);
}
