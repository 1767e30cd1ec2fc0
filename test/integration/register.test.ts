import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { fixture, NODE, REGISTER } from '../helpers/fleet.ts';

// What parity.test.ts does not see: whether it is evenkeel that serves.
const run = (args: string[], env: Record<string, string> = {}): string =>
  execFileSync(NODE, args, { encoding: 'utf8', env: { ...process.env, ...env } }).trim();

const APP = fixture('named-import.mjs');

test.each([
  ['--import', ['--import', REGISTER, APP], {}],
  ['--import=', [`--import=${REGISTER}`, APP], {}],
  ['--require', ['--require', REGISTER, APP], {}],
  ['NODE_OPTIONS', [APP], { NODE_OPTIONS: `--import ${REGISTER}` }],
])('by %s, for an application that imports fork by its name', (_name, args, env) => {
  expect(run(args, env)).toBe('evenkeel');
});

test('without it, node:cluster', () => {
  expect(run([APP])).toBe('node:cluster');
});

test('where the addon cannot be loaded: node:cluster, with one warning', () => {
  const env = { ...process.env, EVENKEEL_ADDON: '/dev/null' };
  const { stdout, stderr } = spawnSync(NODE, ['--import', REGISTER, APP], { encoding: 'utf8', env });
  expect(stdout.trim()).toBe('node:cluster');
  expect(stderr.match(/EvenkeelWarning/g)).toHaveLength(1);
  expect(stderr).toMatch(/\[ERR_ADDON_UNAVAILABLE\] EvenkeelWarning: .*Node's own cluster serves/);
});

test.each([
  ['EVENKEEL_STRATEGY', 'magic', /ERR_UNKNOWN_STRATEGY/],
  ['EVENKEEL_POLICY', 'magic', /ERR_UNKNOWN_POLICY/],
  ['EVENKEEL_DEFER_ACCEPT', 'often', /ERR_INVALID_OPTION/],
  [
    'EVENKEEL_STALL_THRESHOLD',
    'soon',
    /EVENKEEL_STALL_THRESHOLD must be a whole number of milliseconds.*'soon'/,
  ],
])('%s that does not exist ends the process before the application runs', (name, value, message) => {
  const env = { ...process.env, [name]: value };
  const { stdout, stderr, status } = spawnSync(NODE, ['--import', REGISTER, APP], { encoding: 'utf8', env });
  expect([stdout, status]).toEqual(['', 1]);
  expect(stderr).toMatch(message);
});

test.each([
  ['auto', true],
  ['true', true],
  ['false', false],
])('EVENKEEL_DEFER_ACCEPT=%s', (value, deferred) => {
  const env = { EVENKEEL_STRATEGY: 'hand-off', EVENKEEL_DEFER_ACCEPT: value };
  expect(run(['--import', REGISTER, fixture('deferred.mjs')], env)).toBe(`deferred ${deferred}`);
});

test.each(STRATEGIES)(
  'workers that die at every moment of their start, %s: nothing of theirs stays open',
  (strategy) => {
    const script = fixture('library/dies-early.mjs');
    const { left, status } = JSON.parse(run(['--import', REGISTER, script], { EVENKEEL_STRATEGY: strategy }));
    expect(left).toBeLessThanOrEqual(0);
    expect(status).toBe(200);
  },
);

test('a process that forks nobody does not load the addon', () => {
  const script =
    "console.log(process.report.getReport().sharedObjects.some((file) => file.includes('evenkeel')))";
  expect(run(['--import', REGISTER, '-e', script])).toBe('false');
});
