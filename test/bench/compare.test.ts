import { expect, test } from 'vitest';
import { byChance, compare, differences, onlyIn } from '../../bench/lib/compare.mjs';
import { compared } from '../../bench/lib/compared.mjs';
import { column, MACHINE, report, summary, type Value, value } from './reports.ts';

const of = (rows: { [id: string]: Value }, better: 'lower' | 'higher' | null = 'lower') =>
  report({
    skew: summary(
      [column('p99', better)],
      Object.fromEntries(Object.entries(rows).map(([id, p99]) => [id, { p99 }])),
    ),
  });

const verdict = (before: Value, after: Value, better?: 'lower' | 'higher' | null) =>
  compare(of({ a: before }, better), of({ a: after }, better)).map((one) => one.verdict);

test('moved: no round of one lies within the spread of the other', () => {
  expect(verdict(value(10, 11, 12), value(13, 14, 15))).toEqual(['worse']);
  expect(verdict(value(13, 14, 15), value(10, 11, 12))).toEqual(['better']);
  expect(verdict(value(10, 11, 12), value(13, 14, 15), 'higher')).toEqual(['better']);
  expect(verdict(value(10, 11, 12), value(13, 14, 15), null)).toEqual(['moved']);
});

test('spreads that overlap, were it in one point, are noise', () => {
  expect(verdict(value(10, 11, 12), value(12, 14, 15))).toEqual(['same']);
  expect(verdict(value(1, 50, 100), value(40, 41))).toEqual(['same']);
});

test('one round has no spread: nobody can tell', () => {
  expect(verdict(value(10), value(99, 100))).toEqual(['unknown']);
  expect(verdict(value(10, 11), value(99))).toEqual(['unknown']);
});

test('how many would have moved by chance', () => {
  const three = compare(of({ a: value(1, 2, 3) }), of({ a: value(1, 2, 3) }));
  expect(byChance(three)).toBeCloseTo(2 / 20);
  expect(byChance(compare(of({ a: value(1) }), of({ a: value(1) })))).toBe(0);
});

test('what only one of them has is named', () => {
  const one = of({ a: value(1), b: value(1) });
  const other = {
    ...of({ a: value(1) }),
    scenarios: { ...of({ a: value(1) }).scenarios, cpu: one.scenarios.skew },
  };
  expect(onlyIn(one, other)).toEqual(['skew: b']);
  expect(onlyIn(other, one)).toEqual(['cpu']);
  expect(compare(one, other)).toHaveLength(1);
});

test('other machines, versions and options are told apart; a load average and where Node lies are not', () => {
  const one = of({ a: value(1) });
  expect(differences(one, one)).toEqual([]);
  expect(differences(one, { ...one, machine: { ...MACHINE, loadAverage: 9 } })).toEqual([]);
  expect(differences(one, { ...one, machine: { ...MACHINE, node: 'v22.0.0' } })).toEqual([
    'node: v20.1.0 there, v22.0.0 here',
  ]);
  expect(differences(one, { ...one, options: { ...one.options, workers: 8 } })).toEqual([
    'workers: 4 there, 8 here',
  ]);
  const skew = { ...one.scenarios.skew, options: { workers: 4, node: '/other', rounds: 5 } };
  expect(differences(one, { ...one, scenarios: { skew } })).toEqual(['rounds of skew: 3 there, 5 here']);
});

test('refused with the reasons, unless forced', () => {
  const one = of({ a: value(1, 2) });
  const other = { ...of({ a: value(3, 4) }), machine: { ...MACHINE, cpus: 64 } };
  expect(() => compared(one, other, { force: false })).toThrow(/--force[\s\S]*cpus: 2 there, 64 here/);
  const text = compared(one, other, { force: true });
  expect(text).toMatch(/Forced, although they differ:\n {2}cpus: 2 there, 64 here/);
  expect(text).toMatch(/skew: a +p99, ms +1.5 \(1.0 to 2.0\) +3.5 \(3.0 to 4.0\) +2.33 +worse/);
  expect(text).toMatch(/1 of 1 figures moved beyond the noise; by chance alone about 0.3 would/);
});
