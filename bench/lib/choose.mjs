// Who takes part in what. Pure.
import { cannotTake } from './command.mjs';
import { contestants, isOurs, MAIN, ONE_PROCESS, ROUND_ROBIN } from './contestants.mjs';
import { UsageError } from './usage-error.mjs';

/** With --quick: one of each kind, the floor, and what most have today. */
const QUICK_PEERS = [ONE_PROCESS.id, ROUND_ROBIN.id];

/** @param {object[]} all scenarios
 * @param {string[]} [names] as asked for; undefined: all
 * @throws UsageError */
export function chooseScenarios(all, names) {
  const missing = names?.find((name) => !all.some((scenario) => scenario.name === name));
  if (missing === undefined) return all.filter(({ name }) => names?.includes(name) ?? true);
  throw new UsageError(`no scenario '${missing}'; --only takes ${all.map(({ name }) => name).join(', ')}`);
}

/** Who takes part in a scenario: those it names and every peer, unless others are asked for.
 * @param {object} scenario
 * @param {{quick?: boolean, strategies?: string[], peers?: string[]}} asked for, by name
 * @param {{known: object[], absent: {id: string, why: string}[]}} cast known: whoever there may be, the peers of
 * bench/peers among them (they have a `label`)
 * @returns {{taking: object[], left: {id: string, why: string}[]}} left: who takes no part, though meant to
 * @throws UsageError for a name nobody has */
export function chooseContestants(scenario, { quick = false, strategies, peers }, { known, absent }) {
  const named = find(scenario.contestants, known);
  const usual = [...named, ...known.filter((one) => one.label !== undefined && !named.includes(one))];
  const main = find(MAIN, known);
  const ours = strategies
    ? find(strategies, known.filter(isOurs), '--strategies')
    : usual.filter((one) => isOurs(one) && (!quick || main.includes(one)));
  const others = known.filter((one) => !isOurs(one));
  const theirs = peers
    ? find(peers, others, '--peers')
    : usual.filter((one) => !isOurs(one) && (!quick || QUICK_PEERS.includes(one.id)));

  const meant = known.filter((one) => ours.includes(one) || theirs.includes(one));
  const why = (one) => absent.find(({ id }) => id === one.id)?.why ?? cannotTake(scenario, one);
  const left = meant.filter((one) => why(one)).map((one) => ({ id: one.id, why: why(one) }));
  return { taking: meant.filter((one) => !why(one)), left };
}

function find(names, known, option) {
  try {
    return contestants(names, known);
  } catch (error) {
    throw option === undefined ? error : new UsageError(`${option}: ${error.message}`);
  }
}

/** What a scenario is run with. One that says nothing about --quick has one round. */
export function optionsOf({ options, quick: less = { rounds: 1 } }, { workers, node, seed, quick }) {
  const own = { ...options, ...(quick ? less : {}) };
  return { workers, node, ...own, ...('seed' in options ? { seed } : {}) };
}
