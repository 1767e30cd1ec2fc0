import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { cpusOf, divide, onCpus, pinLoad } from '../../bench/lib/placement.mjs';

const single = (count: number) => Array.from({ length: count }, (_, cpu) => [cpu]);

test('three of eight cores are for the load, none where there are fewer than four', () => {
  expect(divide(single(3))).toBeUndefined();
  expect(divide(single(4))).toEqual({ servers: [0, 1, 2], load: [3] });
  expect(divide(single(16))).toEqual({ servers: [...Array(10).keys()], load: [10, 11, 12, 13, 14, 15] });
});

test('the hardware threads of a core stay together', () => {
  const threads = [0, 1, 2, 3].map((core) => [core, core + 4]);
  expect(divide(threads)).toEqual({ servers: [0, 4, 1, 5, 2, 6], load: [3, 7] });
  expect(divide(threads.slice(2))).toBeUndefined();
});

test("the kernel's lists of CPUs are read", () => {
  expect(cpusOf('0\n')).toEqual([0]);
  expect(cpusOf('0-2,8,10-11')).toEqual([0, 1, 2, 8, 10, 11]);
});

test('too few cores: nothing moves, and it is said', () => {
  expect(pinLoad({ why: '1 of the 4 cores it takes' })).toBe(
    "the load shares the servers' CPUs: 1 of the 4 cores it takes",
  );
});

test.runIf(process.platform === 'linux')(
  'the bench moves, its load with it, and a server where it belongs',
  () => {
    const status = "(await import('node:fs')).readFileSync('/proc/self/status', 'utf8')";
    const own = `/^Cpus_allowed_list:\\s*(.+)$/m.exec(${status})[1]`;
    const cpus = cpusOf(run(`console.log(${own})`));
    const [first, last] = [cpus.at(0), cpus.at(-1)] as [number, number];
    const placement = JSON.stringify({ load: [last], servers: [first] });
    const printed = run(`
    const { execFileSync } = await import('node:child_process');
    const { pinLoad } = await import('./bench/lib/placement.mjs');
    const show = (command, ...args) => console.log(execFileSync(command, args, { encoding: 'utf8' }).trim());
    console.log(pinLoad(${placement}));
    console.log(${own});
    show('grep', '-oP', 'Cpus_allowed_list:\\\\s*\\\\K.*', '/proc/self/status');
    show(...${JSON.stringify(onCpus([first]))}, 'grep', '-oP', 'Cpus_allowed_list:\\\\s*\\\\K.*', '/proc/self/status');
  `);
    expect(printed.trim().split('\n')).toEqual([
      `the load on CPUs ${last}, the servers on ${first}`,
      `${last}`,
      `${last}`,
      `${first}`,
    ]);
  },
);

const run = (script: string) =>
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
