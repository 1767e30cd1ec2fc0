import { expect, test } from 'vitest';
import { isAnswer, parseAnswer } from '../../dist/metrics/answer.js';

const GOOD = {
  name: 'app_total',
  help: 'h',
  type: 'counter',
  aggregator: 'sum',
  values: [{ value: 1, labels: { a: 'b' } }],
};
const parse = (metrics: unknown, onLeftOut?: (name: string) => void) =>
  parseAnswer({ requestId: 'evenkeel:1', metrics }, onLeftOut);

test('what prom-client sends is taken as it is', () => {
  expect(isAnswer({ type: 'prom-client:getMetricsRes', requestId: 0, metrics: [[GOOD]] })).toBe(true);
  expect(parse([[GOOD], []])).toEqual([[GOOD], []]);
});

test('labels that are neither text nor numbers are as prom-client writes them', () => {
  const values = [{ value: 1, labels: { ok: true, what: null, code: 200 } }];
  expect(parse([[{ ...GOOD, values }]])).toEqual([
    [{ ...GOOD, values: [{ value: 1, labels: { ok: 'true', what: 'null', code: 200 } }] }],
  ]);
});

test('of what is left out it is said what it was', () => {
  const told: string[] = [];
  const nan = { ...GOOD, name: 'app_nan', values: [{ value: null, labels: {} }] };
  parse([[GOOD, nan, { ...GOOD, name: 'x y'.repeat(100) }, { ...GOOD, type: 'speed' }, null]], (name) =>
    told.push(name),
  );
  expect(told).toEqual(['app_nan', 'x y'.repeat(100).slice(0, 80), 'app_total', 'undefined']);
});

test.each([[null], [undefined], ['ready'], [7], [{}], [{ type: 'prom-client:getMetricsReq' }]])(
  '%j is no answer',
  (message) => expect(isAnswer(message)).toBe(false),
);

test.each([[undefined], [null], ['x'], [{}], [[{}]], [['x']]])('%j is no list of registries', (metrics) =>
  expect(parse(metrics)).toBeUndefined(),
);

test.each([
  ['a name that is none', { ...GOOD, name: 'app total' }],
  ['a name with a line in it', { ...GOOD, name: 'a\nb' }],
  ['a name of ours', { ...GOOD, name: 'evenkeel_info' }],
  ['a type that is none', { ...GOOD, type: 'speed' }],
  ['an aggregator that is none', { ...GOOD, aggregator: '__proto__' }],
  ['values that are none', { ...GOOD, values: 'x' }],
  ['nothing', null],
])('left out: %s', (_what, metric) => expect(parse([[metric, GOOD]])).toEqual([[GOOD]]));

test.each([
  ['a value that JSON could not carry', { value: null, labels: {} }],
  ['a value that is text', { value: '1', labels: {} }],
  ['no labels', { value: 1 }],
  ['a label that is none', { value: 1, labels: { 'a b': 'c' } }],
  ['a label that is no text', { value: 1, labels: { a: {} } }],
  ['a name that is none', { value: 1, labels: {}, metricName: 'a b' }],
])('of a metric only that sample is left out: %s', (_what, sample) =>
  expect(parse([[{ ...GOOD, values: [sample, ...GOOD.values] }]])).toEqual([[GOOD]]),
);
