// A report as a page: one file that loads nothing and runs nothing.
//   node bench/report/page.mjs report.json out.html
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { answers } from './answer.mjs';
import { disciplineLooks, identities, idsOf } from './charts/identity.mjs';
import { scaling } from './charts/scaling.mjs';
import { simulatedTails } from './charts/tail.mjs';
import { html, markup } from './html.mjs';
import { method, moment, notMeasured } from './method.mjs';
import { anchor, scenario, twoSizes } from './scenario.mjs';

const style = markup(readFileSync(new URL('style.css', import.meta.url), 'utf8'));

/** @param {object} report the JSON of a run, version 1
 * @returns {string} HTML
 * @throws where it is no such report */
export function page(report) {
  if (report?.version !== 1)
    throw new Error(`cannot draw a report of version ${report?.version}: this draws 1`);
  const looks = identities(idsOf(report));
  const look = (id) => looks.get(id);
  const { scenarios, machine, options, model = {} } = report;
  const entries = Object.entries(scenarios);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>evenkeel bench, ${moment(report.date)}</title>
<style>
${style}</style>
</head>
<body>
<header>
<p class="mark">evenkeel bench</p>
<h1>Many Node processes, one port: who balances best here</h1>
<p class="facts">${machine.cpus} CPUs · ${options.workers} workers · Node ${machine.node} · ${machine.kernel} · ${moment(report.date)}</p>
</header>
<main>
${answer(report)}
<nav aria-label="Sections"><ul>${[...entries.map(([name]) => [anchor(name), name]), ...rest(report)].map(
    ([id, name]) => html`<li><a href="#${id}">${name}</a></li>`,
  )}</ul></nav>
<p class="note">Charts: bars are medians of the rounds, whiskers their lowest and highest. Tables: medians; below, the lowest and
the highest round, and how many times the best median. Tinted: the best, and whoever’s spread reaches into the best’s, if
that is not everyone.</p>
${entries.map(([name, one]) => scenario(name, one, look, model[name]))}
${simulation(report)}
${notMeasured(report)}
${method(report)}
</main>
</body>
</html>
`.toString();
}

function answer(report) {
  const found = answers(report);
  const items = found.map(
    ({ scenario, about, text }) => html`
<li><b>${about}:</b> ${text} <a href="#${anchor(scenario)}" aria-label="More on ${scenario}">${scenario}</a></li>`,
  );
  return html`<section id="answer" aria-labelledby="answer-title">
<h2 id="answer-title">In short</h2>
${
  items.length === 0
    ? html`<p>Nothing here is apart by more than its spread.</p>`
    : html`<ul class="answers">${items}
</ul>`
}
<p class="note">Only what is apart by more than the spread of its rounds is said. One process and simulated ideals are
nobody’s choice for many cores, and not among the compared.</p>
</section>`;
}

function rest({ model }) {
  return [...(model ? [['simulation', 'simulation']] : []), ['gaps', 'not measured'], ['method', 'method']];
}

function simulation({ model, scenarios }) {
  if (model === undefined) return undefined;
  const labels = [model.skew, model.scaling].flatMap((one) => Object.keys(one ?? {}));
  const looks = disciplineLooks([...new Set(labels)]);
  const look = (label) => looks.get(label);
  const beside = simulatedTails(model.skew, scenarios.skew?.summary.distributions?.latency ?? {}, look);
  const carriedOn = scaling(model.scaling, look);
  return html`
<section id="simulation" aria-labelledby="simulation-title">
<h2 id="simulation-title"><span class="name">simulation</span> The same work, shared out in other ways and among more workers</h2>
<p class="meaning">Not a measurement: a discrete-event simulation of ways to share out the work, beside what was
measured, and carried on to more workers than there were.</p>
${beside && twoSizes(beside, 'Simulated latency by percentile (lower is better); in grey what was measured')}
${carriedOn && twoSizes(carriedOn, 'Simulated p99 by workers (lower is better)')}
</section>`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [input, output] = process.argv.slice(2);
  if (output === undefined) {
    console.error('usage: node bench/report/page.mjs report.json out.html');
    process.exit(2);
  }
  writeFileSync(output, page(JSON.parse(readFileSync(input, 'utf8'))));
}
