// Who takes part in what. Pure.
import { cannotTake } from './command.mjs';
import { ALL, contestants, isOurs, MAIN, ONE_PROCESS, ROUND_ROBIN } from './contestants.mjs';
import { UsageError } from './usage-error.mjs';

/** With --quick: one of each kind, the floor, and what most have today. */
const QUICK_PEERS = [ONE_PROCESS.id, ROUND_ROBIN.id];

/** @param {object[]} all scenarios
 * @param {{only?: string[], quick?: boolean}} asked only: by name; without it all, or with `quick` those that there
 * is time for
 * @returns {{chosen: object[], left: {id: string, why: string}[]}}
 * @throws UsageError */
export function chooseScenarios(all, { only, quick = false }) {
  const missing = only?.find((name) => !all.some((scenario) => scenario.name === name));
  if (missing !== undefined) {
    throw new UsageError(`no scenario '${missing}'; --only takes ${all.map(({ name }) => name).join(', ')}`);
  }
  const isLeft = (scenario) => only === undefined && quick && scenario.quick === null;
  return {
    chosen: all.filter((scenario) => (only?.includes(scenario.name) ?? true) && !isLeft(scenario)),
    left: all
      .filter(isLeft)
      .map(({ name }) => ({ id: name, why: 'left out by --quick, unless --only names it' })),
  };
}

/** Who takes part in a scenario: those it names and the peers a machine may have, unless others are asked for.
 * @param {object} scenario
 * @param {{quick?: boolean, strategies?: string[], peers?: string[]}} asked for, by name
 * @param {{known: object[], why: (contestant: object) => string | undefined}} cast see gather()
 * @returns {{taking: object[], left: {id: string, why: string}[]}} left: who takes no part, though meant to
 * @throws UsageError for a name nobody has */
export function chooseContestants(scenario, asked, { known, why }) {
  const named = find(scenario.contestants, known);
  const usual = [...named, ...guests(known, named)];
  const left = [];
  const taking = [
    ...side({ option: '--strategies', names: asked.strategies, is: isOurs }),
    ...side({ option: '--peers', names: asked.peers, is: (one) => !isOurs(one) }),
  ].filter((one) => {
    const reason = why(one) ?? cannotTake(scenario, one);
    if (reason !== undefined) left.push({ id: one.id, why: reason });
    return reason === undefined;
  });
  return { taking: taking.sort((one, other) => known.indexOf(one) - known.indexOf(other)), left };

  function side({ option, names, is }) {
    if (names !== undefined) return find(names, known.filter(is), option);
    const all = usual.filter(is);
    const few = all.filter((one) => isUsual(one, named, asked, known));
    const others = all.filter((one) => !few.includes(one));
    left.push(...others.map(({ id }) => ({ id, why: `left out, unless ${option} names it` })));
    return few;
  }
}

/** Of what a scenario could have, what there is time for. */
function isUsual(one, named, { quick = false }, known) {
  if (quick) return isOurs(one) ? find(MAIN, known).includes(one) : QUICK_PEERS.includes(one.id);
  // Of peers that differ in the policy alone the first, as MAIN has it of ours.
  return named.includes(one) || one === known.find(({ id }) => kindOf(id) === kindOf(one.id));
}

/** haproxy/round-robin@node-24: what stands before the policy, and behind it. */
const kindOf = (id) => id.replace(/\/[^@]*/, '');

/** Peers that not every machine has are in no scenario's list; a process alone is compared where the floor is. */
function guests(known, named) {
  const hasFloor = named.some(({ isAlone }) => isAlone);
  const usual = new Set(ALL.map(({ id }) => id));
  return known.filter((one) => !usual.has(one.id) && !isOurs(one) && (!one.isAlone || hasFloor));
}

function find(names, known, option) {
  try {
    return [...new Set(contestants(names, known))]; // two names may mean one
  } catch (error) {
    throw option === undefined ? error : new UsageError(`${option}: ${error.message}`);
  }
}

/** What a scenario is run with. One that says nothing about --quick has one round. */
export function optionsOf({ options, quick: less }, { workers, node, seed, quick }) {
  const own = { ...options, ...(quick ? (less ?? { rounds: 1 }) : {}) };
  return { workers, node, ...own, ...('seed' in options ? { seed } : {}) };
}
