import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { explain } from '../../dist/index.js';
import { CLI, NODE } from '../helpers/fleet.ts';

const cli = (...args: string[]): string => execFileSync(NODE, [CLI, ...args], { encoding: 'utf8' });

test('explain: a line for each pair, the chosen one marked', () => {
  const [summary, , ...lines] = cli('explain').trimEnd().split('\n');
  expect(summary).toMatch(
    /^strategy shared-handle, policy least-connections, \d+ workers on linux-\w+, Node v\d+/,
  );
  expect(lines.filter((line) => line.startsWith('→ '))).toEqual([
    expect.stringMatching(/shared-handle \/ least-connections/),
  ]);
  expect(lines.filter((line) => line.startsWith('✗ ')).every((line) => / no: .+/.test(line))).toBe(true);
});

test('explain --json: the same facts, as the library gives them', () => {
  const facts = JSON.parse(cli('explain', '--json', '-s', 'reuse-port'));
  const { node: _node, ...capabilities } = facts.capabilities;
  const own = explain({ strategy: 'reuse-port' });
  expect(facts).toMatchObject({
    strategy: 'reuse-port',
    policy: own.policy,
    mechanism: own.mechanism,
    workers: own.workers,
    reasons: own.reasons,
  });
  const { node: _own, ...same } = JSON.parse(JSON.stringify(own.capabilities));
  expect(capabilities).toEqual(same);
  expect(facts.reasons.filter(({ verdict }: { verdict: string }) => verdict === 'chosen')).toHaveLength(1);
});

test('--help names every command and --version the version', () => {
  expect(cli('--help')).toMatch(/start .*[\s\S]*explain /);
  expect(cli('--version').trim()).toMatch(/^\d+\.\d+\.\d+$/);
});
