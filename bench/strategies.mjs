#!/usr/bin/env node
// All scenarios, and one JSON file of their results. An option of a scenario's own has its name in front:
// `npm run bench:strategies -- --workers 4 --skew-seconds 5`.
import { COMMON, describe, machine, parse, perform, write } from './lib/command.mjs';
import { MAIN, ONE_PROCESS } from './lib/contestants.mjs';
import { cpu } from './scenarios/cpu.mjs';
import { fairness } from './scenarios/fairness.mjs';
import { kill } from './scenarios/kill.mjs';
import { skew } from './scenarios/skew.mjs';
import { stall } from './scenarios/stall.mjs';

const SCENARIOS = [{ ...cpu, contestants: [ONE_PROCESS.id, ...MAIN] }, skew, stall, fairness, kill];

const common = { ...COMMON, json: 'bench-strategies.json' };
const own = SCENARIOS.flatMap(({ name, options }) =>
  Object.entries(options).map(([option, value]) => [`${name}-${option}`, value]),
);
const options = parse({ ...common, ...Object.fromEntries(own) });
const begun = performance.now();
const report = { machine: machine(options.node) };
console.log(describe(report.machine));
for (const scenario of SCENARIOS) {
  const { name } = scenario;
  const shared = Object.keys(common).map((option) => [option, options[option]]);
  const its = Object.keys(scenario.options).map((option) => [option, options[`${name}-${option}`]]);
  report[name] = await perform(scenario, Object.fromEntries([...shared, ...its]));
}
report.seconds = Math.round((performance.now() - begun) / 1000);
write(options.json, report);
console.log(
  `\n${Math.floor(report.seconds / 60)} min ${report.seconds % 60} s; everything is in ${options.json}`,
);
