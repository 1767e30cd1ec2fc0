// What all bench programs share: options, what is said of the machine, the JSON file.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { contestants } from './contestants.mjs';

export const COMMON = { workers: 4, only: '', node: process.execPath, json: '' };

/** Runs a scenario when its file is what was started.
 * @param {Scenario} scenario
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {string[]} contestants who takes part without --only
 * @property {boolean} [killsWorkers] it cannot run where there are none
 * @property {object} options its own, with their defaults; `rounds` is among them
 * @property {(contestants: object[], options: object) => Promise<object>} run returns what goes into the JSON
 * @property {(results: object, options: object) => string} print makes a table of that */
export async function main(meta, scenario) {
  if (fileURLToPath(meta.url) !== process.argv[1]) return;
  const options = parse({ ...COMMON, ...scenario.options });
  console.log(describe(machine(options.node)));
  write(options.json, { machine: machine(options.node), [scenario.name]: await perform(scenario, options) });
}

/** Runs and prints one scenario; returns options and results. */
export async function perform(scenario, options) {
  const names = options.only === '' ? scenario.contestants : options.only.split(',');
  const taking = contestants(names);
  const alone = taking.find(({ isAlone }) => isAlone && scenario.killsWorkers);
  if (alone !== undefined) throw new Error(`${scenario.name} kills workers, and ${alone.id} has none`);
  const results = await scenario.run(taking, options);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K'); // the progress line
  console.log(`\n${scenario.title}\n${scenario.print(results, options)}`);
  return { options, results };
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
  if (Array.isArray(like)) return text.split(',').map((part) => convert(name, part, 0));
  if (typeof like !== 'number') return text;
  const number = Number(text);
  const isCount = /^(workers|(.*-)?rounds)$/.test(name);
  if (isCount && Number.isInteger(number) && number > 0) return number;
  if (!isCount && text !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new Error(`--${name} must be a ${isCount ? 'whole number above 0' : 'number'}, not '${text}'`);
}

/** What figures depend on. A load average far above 0 says that the machine had other things to do. */
export function machine(node) {
  return {
    node: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(),
    benchNode: process.version,
    kernel: `${os.type()} ${os.release()}`,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cpus: os.availableParallelism(),
    loadAverage: os.loadavg()[0],
  };
}

export function describe({ node, kernel, cpus, loadAverage }) {
  return `Node ${node}, ${kernel}, ${cpus} CPUs, load average ${loadAverage.toFixed(1)}; ratios within a table count`;
}

export function write(file, report) {
  if (file !== '') writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}
