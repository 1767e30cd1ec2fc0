// What a run says at its end, as text. Pure.
import { clock } from './estimate.mjs';
import { table } from './table.mjs';

/** @param {{workers: number, seed: number, mode: string, seconds: number, budget: number, cut: string[]}} run
 * seconds: expected; cut: see cuts() */
export function begins({ workers, seed, mode, seconds, budget, cut }) {
  const lines = [`${workers} workers, seed ${seed}, ${mode}: about ${clock(seconds)} min`];
  if (cut.length > 0) lines.push(`Rounds, so that it takes no longer (--minutes): ${cut.join(', ')}.`);
  if (seconds > budget) {
    lines.push('That is more than it should be: --only, --peers and --strategies leave something out.');
  }
  return lines.join('\n');
}

/** @param {{id: string, why: string}[]} absent */
export function unmeasured(absent) {
  return absent.map(({ id, why }) => `  ${id}: ${why}`).join('\n');
}

export function ended({ seconds }, { json, html }) {
  const files = [json, html].filter(Boolean).join(' and ');
  return `\n${clock(seconds)} min${files === '' ? '' : `; everything is in ${files}`}`;
}

/** Of a CPU: beyond it, figures are those of a busy machine. */
const BUSY = 0.5;

/** @param {object[]} judged see check() in guard.mjs
 * @param {number} others CPUs that others used in the worst of the rounds */
export function verdicts(judged, others) {
  const rows = judged.map(({ promise, measured, value, most, kept }) => [
    promise,
    measured,
    value === undefined ? 'not measured' : Number(value.toFixed(3)),
    most,
    kept ? 'kept' : 'FELL SHORT',
  ]);
  const short = judged.filter(({ kept }) => !kept).length;
  const sum = short === 0 ? 'Every promise is kept.' : `${short} of ${judged.length} promises fell short.`;
  const doubt =
    short > 0 && others > BUSY
      ? `\nOthers used up to ${others.toFixed(1)} CPUs meanwhile: run it again on an idle machine before you believe it.`
      : '';
  return `${table(['', 'promised', 'here', 'at most', ''], rows)}\n${sum}${doubt}`;
}
