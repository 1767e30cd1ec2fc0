import { parseHTML } from 'linkedom';
import { type ParserError, parse } from 'parse5';
import { beforeAll, expect, test } from 'vitest';
import { gapsOf } from '../../bench/report/method.mjs';
import { page } from '../../bench/report/page.mjs';
import { fixture } from './report-fixture.mjs';

const EVIL = `<script>alert("1")</script>'&<b>`;

/** With an id, a label, a reason and a discipline that want to be markup. */
function evil() {
  const text = JSON.stringify(fixture()).replaceAll('haproxy', JSON.stringify(EVIL).slice(1, -1));
  const report = JSON.parse(text);
  report.absent.push({ id: EVIL, why: EVIL });
  report.machine.cpu = EVIL;
  report.scenarios.cpu.title = EVIL;
  report.scenarios.cpu.summary.columns[0].label = EVIL;
  report.scenarios[EVIL] = { ...report.scenarios.memory, options: { [EVIL]: EVIL } };
  report.model.scaling[EVIL] = report.model.scaling.random;
  report.model.skew = { [EVIL]: report.model.skew.random };
  return report;
}

const REPORTS: Record<string, () => object> = {
  'of everything': () => fixture(),
  'of one contestant': () => fixture({ only: ['hand-off/least-connections'] }),
  'of the floor alone': () => fixture({ only: ['one-process'] }),
  'of five contestants': () =>
    fixture({
      only: ['one-process', 'cluster/round-robin', 'cluster/shared-handle', 'reuse-port/hash', 'haproxy'],
    }),
  'of nobody': () => fixture({ only: [] }),
  'of no scenario, with nobody absent': () => ({ ...fixture(), scenarios: {}, absent: [], model: undefined }),
  'with evil words': evil,
};

test.each(Object.entries(REPORTS))('a report %s is a well-formed page that loads nothing', (_, make) => {
  const text = page(make());
  const errors: ParserError[] = [];
  parse(text, { onParseError: (error) => errors.push(error) });
  expect(errors).toEqual([]);
  expect(text).not.toMatch(/https?:\/\/|@import|url\(/);
  expect(text).not.toMatch(/NaN|undefined|\[object /);
  const { document } = parseHTML(text);
  expect(document.querySelectorAll('script, link, iframe, img, object, embed')).toHaveLength(0);
  const attributes = [...document.querySelectorAll('*')].flatMap((element) => [...element.attributes]);
  const leaving = attributes.filter(
    ({ name, value }) => /^(on|src)/.test(name) || (name.endsWith('href') && !value.startsWith('#')),
  );
  expect(leaving).toEqual([]);
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const link of document.querySelectorAll('a'))
    expect(ids).toContain(link.getAttribute('href')?.slice(1));
});

let document: Document;
beforeAll(() => {
  ({ document } = parseHTML(page(fixture())));
});

const textOf = (selector: string) =>
  [...document.querySelectorAll(selector)].map(({ textContent }) => textContent?.replace(/\s+/g, ' ').trim());

test('a section for each scenario, in order, between the answer and what was not measured', () => {
  const scenarios = Object.keys(fixture().scenarios).map((name) => `scenario-${name}`);
  expect([...document.querySelectorAll('main > section')].map(({ id }) => id)).toEqual([
    'answer',
    ...scenarios,
    'simulation',
    'gaps',
    'method',
  ]);
});

test('every section of a scenario has its table: a row for each contestant, headers with scopes', () => {
  for (const [name, { summary }] of Object.entries(fixture().scenarios)) {
    const table = document.querySelector(`#scenario-${name} table`);
    expect(table?.querySelectorAll('tbody tr')).toHaveLength(summary.rows.length);
    for (const header of table?.querySelectorAll('th') ?? []) {
      expect(header.getAttribute('scope')).toBe(header.closest('thead') ? 'col' : 'row');
    }
  }
});

test('every chart has a text alternative that says its figures', () => {
  const charts = [...document.querySelectorAll('svg.plot')];
  expect(charts.length).toBeGreaterThan(20);
  for (const chart of charts) {
    expect(chart.getAttribute('role')).toBe('img');
    expect(chart.getAttribute('aria-label')).toMatch(/\d/);
  }
});

test('the charts a scenario asks for', () => {
  const { columns } = fixture().scenarios.cpu.summary;
  const charted = columns.filter(
    ({ better, base }: { better: string | null; base?: string }) => better && !base,
  );
  expect(document.querySelectorAll('#scenario-cpu figure')).toHaveLength(charted.length);
  const labels = (id: string) =>
    [...document.querySelectorAll(id)].map((svg) => svg.getAttribute('aria-label'));
  expect(labels('#scenario-fairness .plot').at(-1)).toContain('cluster/round-robin 25, 25, 25 and 25;');
  expect(labels('#scenario-stall .plot')[0]).toMatch(
    /^Latency by percentile\. At the 99th: cluster\/round-robin [\d.]+ ms/,
  );
  const [beside, , carriedOn] = labels('#simulation .plot');
  expect(beside).toMatch(/^Simulated\. Latency by percentile\. At the 99th: central queue/);
  expect(carriedOn).toContain('random: 165.0 ms with 4,');
  expect(document.querySelector('#scenario-skew')?.textContent).toContain('simulated floor');
  expect(document.querySelector('#scenario-stall')?.textContent).not.toContain('simulated floor');
});

test('missing figures, absent peers and disturbed contestants are listed with their reasons', () => {
  const reasons = textOf('#gaps .reasons div');
  expect(reasons).toContain('nginxno nginx on PATH');
  expect(reasons).toContain('reuse-port/hashstall (max)');
  expect(reasons.find((text) => text?.includes('0.7 CPUs in cpu'))).toMatch(/^haproxy/);
});

test('a ratio to somebody who did not take part is nobody’s gap', () => {
  const column = { key: 'ratio', label: 'ratio', base: 'a' };
  const gaps = (...ids: string[]) =>
    gapsOf({
      scenarios: { cpu: { summary: { columns: [column], rows: ids.map((id) => ({ id, values: {} })) } } },
    });
  expect(gaps('b')).toEqual([]);
  expect(gaps('a', 'b')).toEqual([
    ['a', 'cpu (ratio)'],
    ['b', 'cpu (ratio)'],
  ]);
});

test('failures by kind, only those there were', () => {
  const row = [...document.querySelectorAll('#scenario-kill tbody tr')].map(({ textContent }) => textContent);
  expect(row[0]).toContain('34 reset, 20 hung');
  expect(textOf('#scenario-skew tbody td.text').every((text) => text === 'none')).toBe(true);
});

test('evil words are text', () => {
  const { document } = parseHTML(page(evil()));
  const headers = [...document.querySelectorAll('#scenario-cpu th')].map(({ textContent }) => textContent);
  expect(headers).toContain(EVIL);
  expect(document.querySelectorAll('main b, script')).toHaveLength(
    document.querySelectorAll('.options b, .answers b').length,
  );
});

test('another version is refused', () => {
  expect(() => page({ ...fixture(), version: 2 })).toThrow('version 2');
});
