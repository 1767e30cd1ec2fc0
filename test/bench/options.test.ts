import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readOptions } from '../../bench/lib/options.mjs';
import { NODE } from '../helpers/fleet.ts';

const RUN = fileURLToPath(new URL('../../bench/run.mjs', import.meta.url));

function bench(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(NODE, [RUN, ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

test('--help shows every option', async () => {
  const { code, stdout } = await bench('--help');
  expect(code).toBe(0);
  const options = [
    'quick',
    'only',
    'peers',
    'strategies',
    'workers',
    'node',
    'seed',
    'json',
    'html',
    'compare',
    'guard',
  ];
  for (const option of options) expect(stdout).toContain(`--${option}`);
});

test('a worker for each CPU of the servers, but never too few to tell, and for promises as many as they are of', () => {
  expect(readOptions([], 12).workers).toBe(12);
  expect(readOptions([], 2).workers).toBe(4);
  expect(readOptions([], 1000).workers).toBe(256);
  expect(readOptions(['--guard'], 12).workers).toBe(4);
  expect(readOptions(['--guard', '--workers', '6'], 12).workers).toBe(6);
  expect(readOptions(['--workers', '2'], 12).workers).toBe(2);
});

test.for([
  [['--workers', '0'], /must be a whole number from 1 to 256/],
  [['--seed', 'x'], /must be a whole number/],
  [['--only', 'cpu,,kill'], /separated by single commas/],
  [['--compare', 'one.json'], /takes two reports/],
  [['--compare', 'one.json', 'two.json', '--quick'], /cannot be used with/],
  [['--compare', 'none.json', 'none.json'], /cannot read none.json/],
  [['--guard', '--only', 'cpu'], /cannot be used with/],
  [['--force'], /--force is for --compare/],
  [['cpu'], /too many arguments/],
] as const)('%j is refused', async ([args, message]) => {
  const { code, stdout, stderr } = await bench(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
