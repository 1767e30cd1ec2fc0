import { describe, expect, test } from 'vitest';
import { encodeAnswer, encodeRequest, parseAnswer, parseRequest } from '../../dist/control/protocol.js';
import { refusal } from '../helpers/thrown.ts';

const request = (fields: object): string => JSON.stringify({ v: 1, id: 7, ...fields });

test.each([
  [{ command: 'status' }],
  [{ command: 'reload' }],
  [{ command: 'metrics' }],
  [{ command: 'scale', workers: 4 }],
  [{ command: 'scale', by: -1 }],
  [{ command: 'stop', force: true }],
] as const)('%j is understood, and comes through as it was sent', (command) => {
  expect(parseRequest(request(command))).toEqual({ ...command, id: 7 });
  expect(parseRequest(encodeRequest({ ...command, id: 'x' }).trimEnd())).toEqual({ ...command, id: 'x' });
});

test('stop does not kill unless it is told to', () => {
  expect(parseRequest(request({ command: 'stop' }))).toEqual({ command: 'stop', force: false, id: 7 });
});

describe('no message of the protocol', () => {
  test.each([
    '',
    ' ',
    'status',
    '{',
    '[]',
    'null',
    '1',
    '"status"',
    '{}',
    '[{"v":1,"id":1,"command":"status"}]',
    '{"v":1,"command":"status"}',
    '{"v":1,"id":null,"command":"status"}',
    '{"v":1,"id":{},"command":"status"}',
    '{"v":1,"id":1e999,"command":"status"}',
    `{"v":1,"id":"${'x'.repeat(65)}","command":"status"}`,
    '['.repeat(16_000),
  ])('%.40s', (line) => {
    const error = refusal(() => parseRequest(line));
    expect(error).toMatchObject({ code: 'ERR_CONTROL_MESSAGE', id: null, isGarbage: true });
  });
});

test.each([
  [{ v: 2, command: 'status' }, 'ERR_CONTROL_VERSION', 'this fleet speaks version 1, not 2'],
  [{ v: '1', command: 'status' }, 'ERR_CONTROL_VERSION', 'this fleet speaks version 1, not "1"'],
  [{ command: 'restart' }, 'ERR_UNKNOWN_COMMAND', /^unknown command "restart": one of status, reload, /],
  [{ command: 'toString' }, 'ERR_UNKNOWN_COMMAND', /^unknown command "toString"/],
  [{ command: '__proto__' }, 'ERR_UNKNOWN_COMMAND', /^unknown command "__proto__"/],
  [{ command: 7 }, 'ERR_UNKNOWN_COMMAND', /^unknown command 7/],
  [{}, 'ERR_UNKNOWN_COMMAND', /^unknown command nothing/],
  [{ command: '\x1b[2J' }, 'ERR_UNKNOWN_COMMAND', /^unknown command "\\u001b\[2J"/],
  [{ command: 'status', all: true }, 'ERR_INVALID_OPTION', 'status: there is no "all"'],
  [{ command: 'stop', force: 1 }, 'ERR_INVALID_OPTION', 'stop: force must be true or false'],
  [{ command: 'scale' }, 'ERR_INVALID_OPTION', /either workers or by/],
  [{ command: 'scale', workers: '4' }, 'ERR_INVALID_OPTION', /either workers or by/],
  [{ command: 'scale', workers: 1.5 }, 'ERR_INVALID_OPTION', /either workers or by/],
  [{ command: 'scale', workers: 4, by: 1 }, 'ERR_INVALID_OPTION', /either workers or by/],
])('%j: %s', (fields, code, message) => {
  const error = refusal(() => parseRequest(request(fields)));
  expect(error).toMatchObject({ code, id: 7, isGarbage: false });
  expect(error.message).toMatch(message);
});

test('an answer comes through as it was sent', () => {
  for (const answer of [
    { id: 1, result: { a: 1 } },
    { id: 'x', result: 0 },
    { id: null, error: { code: 'E', message: 'why' } },
  ]) {
    expect(parseAnswer(encodeAnswer(answer).trimEnd())).toEqual(answer);
  }
});

test.each([
  ['{"v":2,"id":1,"result":{}}', 'ERR_CONTROL_VERSION'],
  ['HTTP/1.1 400 Bad Request', 'ERR_CONTROL_MESSAGE'],
  ['{"v":1,"id":1}', 'ERR_CONTROL_MESSAGE'],
  ['{"v":1,"result":1}', 'ERR_CONTROL_MESSAGE'],
  ['{"v":1,"id":1,"error":"no"}', 'ERR_CONTROL_MESSAGE'],
])('%s is no answer', (line, code) => {
  expect(refusal(() => parseAnswer(line)).code).toBe(code);
});
