// What README and docs/performance.md promise, with margins wide enough for a busy machine: what falls short here
// is broken, and not noise. `npm run bench -- --guard`
import { medianRatio } from './lib/statistics.mjs';

const GATE = 'shared-handle/least-connections';
const HAND_OFF = 'hand-off/least-connections';
const HASH = 'reuse-port/hash';
const LEAST_CONNECTIONS = 'reuse-port/least-connections';
const ROUND_ROBIN = 'cluster/round-robin';
/** The kernel's own choice, and nobody rescued: the floor of the price, and who waits behind a blocked worker. */
const BARE = 'reuse-port/hash@no-rescue';

/** What is run for it, in place of a scenario's own options. */
export const OPTIONS = {
  cpu: { rounds: 5, seconds: 2 },
  fairness: { rounds: 3 },
  stall: { rounds: 1, blocks: 1 },
};

const cpu = (id, over, measured, most) => ({
  scenario: 'cpu',
  column: 'microseconds',
  id,
  over,
  measured,
  most,
  promise: `CPU a connection of ${id} ÷ ${over}`,
});
const even = (id, column, label, measured, most) => ({
  scenario: 'fairness',
  column,
  id,
  measured,
  most,
  promise: `fullest worker over the mean, ${label}, ${id}`,
});
const unblocked = (id, measured) => ({
  scenario: 'stall',
  column: 'p99',
  id,
  over: BARE,
  measured,
  most: 0.25,
  promise: `p99 while a worker is blocked, ${id} ÷ ${BARE}`,
});
const unharmed = (scenario, id) => ({
  scenario,
  column: 'failures',
  id,
  measured: 0,
  most: 0,
  promise: `failed requests of ${scenario}, ${id}`,
});

/** Of each: what was measured when it was promised (docs/performance.md), and the most that passes.
 * Without `over` it is the figure itself, else its ratio to that of another. */
export const PROMISES = [
  cpu(HAND_OFF, ROUND_ROBIN, 0.35, 0.75),
  cpu(GATE, ROUND_ROBIN, 0.38, 0.75),
  cpu(HAND_OFF, BARE, 1.15, 1.8),
  cpu(GATE, BARE, 1.25, 1.8),
  even(GATE, 'held', '100 held, in turn', 1, 1.25),
  even(HAND_OFF, 'held', '100 held, in turn', 1, 1.4),
  even(HAND_OFF, 'sequential', '1000 in turn', 1, 1.1),
  even(GATE, 'replaced', '60 held, one killed, 60 more', 1.03, 1.25),
  even(HAND_OFF, 'replaced', '60 held, one killed, 60 more', 1.03, 1.25),
  ...[GATE, HAND_OFF, HASH, LEAST_CONNECTIONS].flatMap((id) => [unblocked(id, 0.02), unharmed('stall', id)]),
  unharmed('fairness', GATE),
  unharmed('fairness', HAND_OFF),
];

/** Who has to take part in a scenario. */
export function castOf(name, promises = PROMISES) {
  const its = promises.filter(({ scenario }) => scenario === name);
  return [...new Set(its.flatMap(({ id, over }) => (over === undefined ? [id] : [id, over])))];
}

/** @param {{[scenario: string]: object}} summaries
 * @returns {object[]} the promises, each with its `value` and whether it is `kept`; one that was not measured has
 * no value and is not kept */
export function check(summaries, promises = PROMISES) {
  return promises.map((promise) => {
    const value = figureOf(promise, summaries[promise.scenario]);
    return { ...promise, value, kept: value !== undefined && value <= promise.most };
  });
}

function figureOf({ id, over, column }, summary) {
  const row = (name) => summary?.rows.find((one) => one.id === name);
  if (column === 'failures') return row(id) && sum(Object.values(row(id).failures));
  const own = row(id)?.values[column];
  if (over === undefined) return own?.median;
  const base = row(over)?.values[column];
  return own && base && medianRatio(own.rounds, base.rounds);
}

const sum = (counts) => counts.reduce((total, count) => total + count, 0);
