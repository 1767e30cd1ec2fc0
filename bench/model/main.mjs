#!/usr/bin/env node
// How long requests take under each discipline, by simulation:
//   node bench/model/main.mjs --workers 4,16,64,128 --utilisation 0.7 --service skew
// or, of a report of the bench, the measured figures beside the model's:
//   node bench/model/main.mjs --report FILE
import { InvalidArgumentError, Option, program } from 'commander';
import { readReport } from '../lib/report.mjs';
import { SKEW } from '../lib/skewed.mjs';
import { table } from '../lib/table.mjs';
import { UsageError } from '../lib/usage-error.mjs';
import { CATALOGUE, IDEAL } from './catalogue.mjs';
import { printCheck } from './check.mjs';
import { deterministic, exponential, lognormal, mix } from './service.mjs';
import { study } from './study.mjs';
import { theory } from './theory.mjs';

const MEAN = mix(SKEW).mean;
const SERVICES = {
  skew: mix(SKEW),
  exponential: exponential(MEAN),
  deterministic: deterministic(MEAN),
  lognormal: lognormal(MEAN, 2),
};

const options = program
  .option('--workers <numbers>', 'how many, separated by commas', countsOf, [4, 16, 64, 128])
  .option('--cores <number>', 'that the workers share; without it each has its own', countOf)
  .option('--utilisation <share>', 'of the cores, above 0 and below 1', shareOf, 0.7)
  .addOption(
    new Option('--service <name>', 'how the work is distributed')
      .choices(Object.keys(SERVICES))
      .default('skew'),
  )
  .option('--requests <number>', 'in each run', countOf, 200_000)
  .option('--seeds <numbers>', 'one of each run', countsOf, [1, 2, 3, 4, 5])
  .option('--report <file>', 'of the bench: compare with what it measured')
  .parse()
  .opts();

try {
  if (options.report === undefined) for (const workers of options.workers) printStudy(workers, options);
  else printReport(readReport(options.report));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  program.error(`error: ${error.message}`);
}

function printStudy(workers, { cores = workers, utilisation, service, requests, seeds }) {
  const chosen = SERVICES[service];
  const by = study({ workers, cores, service: chosen, utilisation, requests, seeds, disciplines: CATALOGUE });
  console.log(
    `\n${workers} workers, ${cores} cores at ${utilisation}, ${service} work of ${chosen.mean.toFixed(2)} ms on average, ` +
      `${seeds.length} runs of ${requests} requests, seeds ${seeds}; simulated response times in ms (standard error)`,
  );
  const rows = Object.entries(by).map(([name, figures]) => [
    name,
    ...['mean', 'p50', 'p90', 'p99', 'p999', 'shortP99'].map((key) => print(figures[key])),
    (figures.p99.value / by[IDEAL].p99.value).toFixed(2),
    figures.utilisation.value.toFixed(3),
  ]);
  console.log(table(['', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'short p99', 'p99 ÷ ideal', 'at work'], rows));
}

function printReport(report) {
  const model = theory(report, { sizes: [] });
  if (model === undefined) throw new UsageError('the report has no skew scenario to compare with');
  console.log(
    `Skewed work in ms: measured, and simulated with the same arrivals\n${printCheck(model.check)}`,
  );
}

function print({ value, error }) {
  return Number.isNaN(value) ? '-' : `${value.toFixed(1)} (${error.toFixed(1)})`;
}

function countsOf(text) {
  return text.split(',').map(countOf);
}

function countOf(text) {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError(`'${text}' is not a whole number above 0.`);
}

function shareOf(text) {
  const share = Number(text);
  if (share > 0 && share < 1) return share;
  throw new InvalidArgumentError(`'${text}' is not above 0 and below 1.`);
}
