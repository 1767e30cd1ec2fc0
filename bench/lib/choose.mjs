// Who takes part in what. Pure.
import { cannotTake } from './command.mjs';
import { contestants, isOurs, MAIN, ONE_PROCESS, ROUND_ROBIN } from './contestants.mjs';
import { scaled } from './scale.mjs';
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

/** Who takes part in a scenario: those it names, unless others are asked for.
 * @param {object} scenario
 * @param {{quick?: boolean, strategies?: string[], peers?: string[]}} asked for, by name
 * @param {{known: object[], why: (contestant: object) => string | undefined}} cast see gather()
 * @returns {{taking: object[], left: {id: string, why: string, byChoice?: boolean}[]}} left: who takes no part;
 * byChoice: though it could
 * @throws UsageError for a name nobody has */
export function chooseContestants(scenario, asked, { known, why }) {
  const usual = find(scenario.contestants, known).filter((one) => !asked.quick || isQuick(one, known));
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
    const all = known.filter(is);
    if (names !== undefined) return find(names, all, option);
    const others = all.filter((one) => !usual.includes(one) && cannotTake(scenario, one) === undefined);
    const byChoice = `left out, unless ${option} names it`;
    left.push(...others.map(({ id }) => ({ id, why: byChoice, byChoice: true })));
    return usual.filter(is);
  }
}

const isQuick = (one, known) =>
  isOurs(one) ? find(MAIN, known).includes(one) : QUICK_PEERS.includes(one.id);

/** Who was left out of all scenarios or of some, each once: a reason that is no choice tells enough.
 * @param {{name: string, left: object[]}[]} scenarios with what chooseContestants() said of each
 * @returns {{id: string, why: string}[]} */
export function absentOf(scenarios) {
  const all = scenarios.flatMap(({ name, left }) => left.map((one) => ({ ...one, name })));
  const ids = [...new Set(all.map(({ id }) => id))];
  return ids.flatMap((id) => {
    const its = all.filter((one) => one.id === id);
    const forced = its.filter(({ byChoice }) => !byChoice);
    const reasons = [...new Set((forced.length > 0 ? forced : its).map(({ why }) => why))];
    return reasons.map((why) => {
      const names = its.filter((one) => one.why === why).map(({ name }) => name);
      const isEverywhere = forced.length > 0 || names.length === scenarios.length;
      return { id, why: isEverywhere ? why : `${why} (${names.join(', ')})` };
    });
  });
}

function find(names, known, option) {
  try {
    return [...new Set(contestants(names, known))]; // two names may mean one
  } catch (error) {
    throw option === undefined ? error : new UsageError(`${option}: ${error.message}`);
  }
}

/** What a scenario is run with. One that says nothing about --quick has one round.
 * @param {object} scenario
 * @param {{workers: number, cpus: number, node: string, seed: number, quick?: boolean}} asked cpus: the servers' */
export function optionsOf({ options, quick: less, scale }, { workers, cpus, node, seed, quick }) {
  const own = { ...options, ...(quick ? (less ?? { rounds: 1 }) : {}) };
  return { workers, node, ...scaled(own, scale, { workers, cpus }), ...('seed' in options ? { seed } : {}) };
}
