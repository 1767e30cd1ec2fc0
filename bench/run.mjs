#!/usr/bin/env node
// `npm run bench`: the strategies and their peers, scenario by scenario. Exit status: 1 where a scenario failed or
// a promise is not kept, 2 for what cannot be asked for.
import { writeFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { castOf, check, OPTIONS } from './guard.mjs';
import { budgetOf, cuts, secondsOf, shorten } from './lib/budget.mjs';
import { gather, loadScenarios } from './lib/cast.mjs';
import { absentOf, chooseContestants, chooseScenarios, optionsOf } from './lib/choose.mjs';
import { present } from './lib/command.mjs';
import { describe, machine } from './lib/machine.mjs';
import { readOptions } from './lib/options.mjs';
import { pinLoad, serverCpus } from './lib/placement.mjs';
import { mustBeWritable, readReport, VERSION, writeReport } from './lib/report.mjs';
import { plan, run } from './lib/run.mjs';
import { begins, ended, unmeasured, verdicts } from './lib/said.mjs';
import { UsageError } from './lib/usage-error.mjs';
import { mustHaveWrk } from './lib/wrk.mjs';
import { theory } from './model/theory.mjs';

async function main(args) {
  const options = { ...readOptions(args, serverCpus), cpus: serverCpus };
  if (options.compare) return compareReports(options);
  const page = await preparations(options);
  const about = { ...machineOf(options.node), pinning: pinLoad() };
  const { parts, absent } = await (options.guard ? partsOfGuard(options) : partsOf(options));
  if (parts.length === 0) {
    const why = absent.length > 0 ? unmeasured(absent) : '  --strategies and --peers name no one';
    throw new UsageError(`nobody is left to be measured:\n${why}`);
  }
  const mode = options.guard ? 'guard' : options.quick ? 'quick' : 'default';
  const budget = budgetOf(options);
  const fitting = shorten(parts, budget);
  const schedule = plan(fitting);
  console.log(describe(about));
  console.log(begins({ ...options, mode, budget, cut: cuts(parts, fitting), seconds: secondsOf(fitting) }));

  const begun = performance.now();
  const date = new Date().toISOString();
  const { scenarios, failed } = await run(fitting, schedule);
  const report = {
    version: VERSION,
    date,
    machine: about,
    options: { workers: options.workers, seed: options.seed, mode },
    seconds: Math.round((performance.now() - begun) / 1000),
    absent: [...absent, ...failed],
    scenarios,
  };
  for (const { scenario } of fitting.filter(({ scenario: { name } }) => name in scenarios)) {
    console.log(`\n${scenario.name}: ${present(scenario, scenarios[scenario.name])}`);
  }
  if (report.absent.length > 0) console.log(`\nNot measured:\n${unmeasured(report.absent)}`);
  if (options.json || page) report.model = theory(report); // seconds, which the tables above need not wait for
  if (options.json) writeReport(options.json, report);
  if (page) writeFileSync(options.html, await page(report));
  console.log(ended(report, options));
  if (failed.length > 0) process.exitCode = 1;
  if (options.guard) judge(scenarios);
}

/** All that can fail for want of something does so now, and not after minutes.
 * @returns {Promise<((report: object) => string) | undefined>} what makes the page, if one is asked for */
async function preparations({ json, html }) {
  await mustHaveWrk();
  if (json) mustBeWritable('--json', json);
  if (html === undefined) return undefined;
  mustBeWritable('--html', html);
  return (await import('./report/page.mjs')).page;
}

function machineOf(node) {
  try {
    return machine(node);
  } catch (error) {
    throw new UsageError(`--node: cannot run ${node}: ${error.message}`);
  }
}

async function partsOf(options) {
  const cast = gather(options.node);
  const { chosen, left: scenarios } = chooseScenarios(await loadScenarios(), options);
  const casts = chosen.map((scenario) => ({
    name: scenario.name,
    ...chooseContestants(scenario, options, cast),
  }));
  const parts = chosen.map((scenario, i) => ({
    scenario,
    contestants: casts[i].taking,
    options: optionsOf(scenario, options),
  }));
  return {
    parts: parts.filter(({ contestants }) => contestants.length > 0),
    absent: [...scenarios, ...absentOf(casts)],
  };
}

async function partsOfGuard(options) {
  const { known, why } = gather(options.node);
  const { chosen: scenarios } = chooseScenarios(await loadScenarios(), { only: Object.keys(OPTIONS) });
  const castOfAll = new Set(scenarios.flatMap(({ name }) => castOf(name)));
  const absent = known
    .filter(({ id }) => castOfAll.has(id))
    .flatMap((one) => (why(one) === undefined ? [] : [{ id: one.id, why: why(one) }]));
  const parts = scenarios.map((scenario) => {
    const ids = castOf(scenario.name).filter((id) => !absent.some((one) => one.id === id));
    const contestants = known.filter(({ id }) => ids.includes(id));
    return { scenario, contestants, options: { ...optionsOf(scenario, options), ...OPTIONS[scenario.name] } };
  });
  return { parts: parts.filter(({ contestants }) => contestants.length > 0), absent };
}

function judge(scenarios) {
  const summaries = Object.entries(scenarios).map(([name, { summary }]) => [name, summary]);
  const judged = check(Object.fromEntries(summaries));
  const rounds = Object.values(scenarios).flatMap(({ results }) => Object.values(results).flat());
  const others = Math.max(0, ...rounds.map(({ othersCpus = 0 }) => othersCpus));
  console.log(`\n${verdicts(judged, others)}`);
  if (judged.some(({ kept }) => !kept)) process.exitCode = 1;
}

async function compareReports({ compare: files, force = false }) {
  const { compared } = await import('./lib/compared.mjs');
  console.log(compared(...files.map(readReport), { force }));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // commander has said what was wrong, and has shown the help.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof UsageError) {
    console.error(`error: ${error.message}`);
    process.exitCode = 2;
  } else throw error;
}
