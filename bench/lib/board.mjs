// A run's state, as a picture of it in text. Pure.
import { clock, timeLeft } from './estimate.mjs';

const WIDTH = 12;
const GAP = '  ';

/** @typedef {object} Run
 * @property {string[]} ids of all contestants
 * @property {Stage[]} stages a scenario each, in their order
 * @property {string} [doing] what takes its time now
 *
 * @typedef {object} Stage
 * @property {string} name
 * @property {string[]} ids of those who take part
 * @property {number} rounds
 * @property {number} expected seconds
 * @property {'waiting' | 'running' | 'done' | 'failed'} state
 * @property {number} [began] ms
 * @property {number} [took] seconds
 * @property {{[id: string]: number}} measured rounds done
 * @property {object} [summary] once done */

/** Contestants down, scenarios across; as many as fit, the one under way among them.
 * @param {Run} run
 * @param {{columns: number, rows: number}} size of the terminal
 * @param {number} now ms
 * @returns {string[]} lines, none longer than a line of the terminal */
export function picture(run, { columns, rows }, now) {
  const { stages, ids } = run;
  const first = Math.max(0, ...ids.map((id) => id.length));
  const fitting = Math.max(1, Math.floor((columns - 1 - first) / (WIDTH + GAP.length)));
  const current = Math.max(
    0,
    stages.findLastIndex(({ state }) => state !== 'waiting'),
  );
  const start = Math.max(0, Math.min(current - fitting + 1, stages.length - fitting));
  const shown = stages.slice(start, start + fitting);
  const line = (name, cells) => [name.padEnd(first), ...cells.map(fit)].join(GAP).trimEnd();
  const lines = [
    line(
      '',
      shown.map(({ name }) => name),
    ),
    line(
      '',
      shown.map(({ summary }) => (summary ? unitOf(summary) : '')),
    ),
    ...ids.map((id) =>
      line(
        id,
        shown.map((stage) => cell(stage, id)),
      ),
    ),
    '',
    status(run, now),
  ];
  // Of too many lines the last are worth most: one says what happens now.
  return lines.slice(-Math.max(1, rows - 1)).map((text) => text.slice(0, columns - 1));
}

/** What happens now, how long it went, and how much longer it may. */
export function status(run, now) {
  const number = run.stages.findIndex(({ state }) => state === 'running');
  const { began = now } = run.stages[0] ?? {};
  const time = `${clock((now - began) / 1000)} gone, about ${clock(left(run, now))} left`;
  if (number < 0) return time;
  const where = `${run.stages[number].name} (${number + 1} of ${run.stages.length})`;
  return [time, where, run.doing].filter(Boolean).join(' · ');
}

/** Seconds; see timeLeft(). */
export function left({ stages }, now) {
  const running = stages.find(({ state }) => state === 'running');
  return timeLeft({
    finished: stages.filter(({ state }) => state === 'done'),
    running: running && {
      expected: running.expected,
      elapsed: (now - running.began) / 1000,
      done: Object.values(running.measured).reduce((sum, rounds) => sum + rounds, 0),
      total: running.ids.length * running.rounds,
    },
    waiting: stages.filter(({ state }) => state === 'waiting').map((stage) => stage.expected),
  });
}

function cell({ state, ids, measured, rounds, summary }, id) {
  if (!ids.includes(id)) return '-';
  if (state === 'waiting') return '';
  if (state === 'failed') return 'failed';
  if (state === 'running') return `${measured[id] ?? 0}/${rounds}`;
  const [{ key, digits }] = summary.columns;
  const median = summary.rows.find((row) => row.id === id)?.values[key]?.median;
  return median === undefined ? '-' : median.toFixed(digits);
}

function unitOf({ columns: [{ unit, label }] }) {
  return unit || label;
}

function fit(text) {
  return (text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text).padStart(WIDTH);
}
