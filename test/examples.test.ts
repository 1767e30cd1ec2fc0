import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { Exposition } from './helpers/exposition.ts';
import { Fleet, fixture } from './helpers/fleet.ts';
import { get } from './helpers/requests.ts';

const example = (name: string): string => fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
const read = (name: string): string => readFileSync(example(name), 'utf8');

/** Only where the system says so. */
const OPTIONAL = ['evenkeel_worker_memory_bytes', 'evenkeel_worker_cpu_seconds_total'];

const metricsIn = (text: string): string[] => [...new Set(text.match(/\bevenkeel_\w+/g))];

async function metricsOfAFleet(): Promise<Set<string>> {
  await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '1', '--metrics', '0']);
  const port = await fleet.ready();
  await get(port);
  const { families } = new Exposition(await get(await fleet.metricsPort(), '/metrics'));
  const there = [...families.values()].flatMap(({ name, samples }) => [
    name,
    ...samples.map((one) => one.name),
  ]);
  return new Set([...there, ...OPTIONAL]);
}

test('every metric in the dashboard, and every one in the list of docs/operations.md, is one of a fleet', async () => {
  const there = await metricsOfAFleet();
  const dashboard = JSON.parse(read('grafana-dashboard.json'));
  const expressions = dashboard.panels.flatMap((panel: { targets: { expr: string }[] }) =>
    panel.targets.map(({ expr }) => expr),
  );
  const shown = metricsIn(expressions.join('\n'));
  expect(shown.length).toBeGreaterThan(15);
  expect(shown.filter((name) => !there.has(name))).toEqual([]);
  const docs = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');
  const listed = [...docs.matchAll(/^\| `(evenkeel_\w+)/gm)].map(([, name]) => name as string);
  const own = [...there].filter((name) => !/^evenkeel_primary_|_(bucket|sum|count)$/.test(name));
  expect(listed.filter((name) => !there.has(name))).toEqual([]);
  expect(own.filter((name) => !listed.includes(name))).toEqual([]);
});

test('panels of the dashboard do not overlap, and have ids of their own', () => {
  const { panels } = JSON.parse(read('grafana-dashboard.json'));
  const cells = panels.map(({ gridPos }: { gridPos: object }) => JSON.stringify(gridPos));
  expect(new Set(cells).size).toBe(panels.length);
  expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length);
});

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

test.skipIf(!hasAnalyze)('the units are what systemd takes', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-units-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'evenkeel.service'), read('evenkeel.service'));
  writeFileSync(path.join(folder, 'evenkeel.socket'), read('evenkeel.socket'));
  const units = ['evenkeel.service', 'evenkeel.socket'].map((name) => path.join(folder, name));
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...units], {
    encoding: 'utf8',
  });
  const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('evenkeel.'));
  expect(ours).toEqual([]);
  expect(status).toBe(0);
});

const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0;
if (!hasHaproxy) console.warn('SKIPPED: what haproxy says of the example (there is none)');

test.skipIf(!hasHaproxy)('haproxy takes its configuration without a warning', () => {
  const { status, stderr } = spawnSync('haproxy', ['-c', '-f', example('haproxy.cfg')], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('a pod has the time it needs to end', () => {
  const text = read('kubernetes.yaml');
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1]);
  const needed = (number(/--pre-stop-delay=(\d+)/) + number(/--kill-timeout=(\d+)/)) / 1000;
  expect(number(/terminationGracePeriodSeconds: (\d+)/)).toBeGreaterThan(needed);
  const unit = read('evenkeel.service');
  const timeout = Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1]);
  expect(timeout).toBeGreaterThan(Number(/--kill-timeout (\d+)/.exec(unit)?.[1]) / 1000);
});
