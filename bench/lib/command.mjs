// A scenario run by itself: `node bench/scenarios/skew.mjs --only hand-off,shared-handle --seconds 5`.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { contestants } from './contestants.mjs';
import { describe, machine } from './machine.mjs';
import { pinLoad, serverCpus } from './placement.mjs';
import { showLine } from './progress.mjs';
import { scaled, usualWorkers } from './scale.mjs';
import { summaryTable } from './table.mjs';

const COMMON = { workers: usualWorkers(serverCpus), only: '', node: process.execPath, json: '' };

/** Runs a scenario when its file is what was started.
 * @param {Scenario} scenario
 * @typedef {object} Scenario
 * @property {string} name the file's
 * @property {string} title
 * @property {string[]} contestants who takes part unless others are asked for
 * @property {boolean} [killsWorkers] it cannot run where there are none
 * @property {object} options its own, with their defaults; `rounds` is among them, and `seed` where it is random
 * @property {{[option: string]: 'cpus' | 'workers'}} [scale] those that grow with the machine; see scale.mjs
 * @property {number} [enough] rounds beyond it are the first to go where time is short; else 3
 * @property {object | null} [quick] those that differ with --quick; null: it takes too long for that
 * @property {(options: object) => number} [takes] about how many seconds one round of one contestant lasts
 * @property {(contestants: object[], options: object) => Promise<Results>} run
 * @property {(results: Results, options: object) => object} summarize see summary.mjs
 * @typedef {{[id: string]: object[]}} Results the figures of each round */
export async function main(meta, scenario) {
  if (fileURLToPath(meta.url) !== process.argv[1]) return;
  const defaults = { ...COMMON, ...scenario.options };
  const { workers } = parse(defaults);
  const options = parse(scaled(defaults, scenario.scale, { workers, cpus: serverCpus }));
  const names = options.only === '' ? scenario.contestants : options.only.split(',');
  const taking = contestants(names);
  const alone = taking.find((contestant) => cannotTake(scenario, contestant));
  if (alone !== undefined) throw new Error(`${alone.id}: ${cannotTake(scenario, alone)}`);
  const about = { ...machine(options.node), pinning: pinLoad() };
  console.log(describe(about));
  const hide = showLine();
  const results = await scenario.run(taking, options).finally(hide);
  const summary = scenario.summarize(results, options);
  console.log(`\n${present(scenario, { options, results, summary })}`);
  const report = { machine: about, [scenario.name]: { title: scenario.title, options, results, summary } };
  if (options.json !== '') writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}

/** Why a contestant can take no part; undefined: it can. */
export function cannotTake({ name, killsWorkers }, { isAlone }) {
  return killsWorkers && isAlone ? `${name} kills workers, and it has none` : undefined;
}

/** A scenario's table, under what it measures and with what. */
export function present({ title, options: own }, { options, results, summary }) {
  const set = Object.keys(own).map((name) => `${name} ${options[name]}`);
  return `${title}\n${set.join(', ')}\n${summaryTable(summary, results, process.stdout.columns)}`;
}

/** Options by their defaults: a number stays one, a list is separated by commas. */
export function parse(defaults) {
  const entries = Object.entries(defaults);
  const options = Object.fromEntries(
    entries.map(([name, value]) => [name, { type: 'string', default: String(value) }]),
  );
  const { values } = parseArgs({ options });
  return Object.fromEntries(entries.map(([name, value]) => [name, convert(name, values[name], value)]));
}

function convert(name, text, like) {
  if (Array.isArray(like)) return text.split(',').map((part) => convert(name, part, like[0]));
  if (typeof like !== 'number') return text;
  const number = Number(text);
  const isCount = /^(workers|(.*-)?rounds)$/.test(name);
  if (isCount && Number.isInteger(number) && number > 0) return number;
  if (!isCount && text !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new Error(`--${name} must be a ${isCount ? 'whole number above 0' : 'number'}, not '${text}'`);
}
