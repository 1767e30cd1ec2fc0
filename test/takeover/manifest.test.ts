import { expect, test } from 'vitest';
import { parseManifest } from '../../dist/takeover/manifest.js';

const listener = { key: '127.0.0.1:80', address: '127.0.0.1:80', isOthers: false, data: null, sockets: 1 };
const manifest = {
  v: 1,
  pid: 4711,
  name: 'shop',
  strategy: 'hand-off',
  generation: 2,
  workers: null,
  listeners: [listener],
  inherited: 0,
};
const parse = (changes: object) => parseManifest({ takeover: { ...manifest, ...changes } });

test('what an old process says is taken as it is', () => {
  expect(parse({})).toEqual(manifest);
  expect(parse({ workers: 7, listeners: [] })).toMatchObject({ workers: 7, listeners: [] });
});

test('another version is named, and what to do', () => {
  const error = {
    code: 'ERR_UPGRADE_FAILED',
    message: expect.stringMatching(/version 2, .* version 1: stop/),
  };
  expect(() => parse({ v: 2 })).toThrow(expect.objectContaining(error));
});

test.each([
  { pid: '4711' },
  { name: undefined },
  { strategy: 'magic' },
  { generation: -1 },
  { workers: 1.5 },
  { workers: undefined },
  { inherited: null },
  { listeners: {} },
  { listeners: [null] },
  { listeners: [{ ...listener, sockets: 0 }] },
  { listeners: [{ ...listener, key: 80 }] },
  { listeners: [{ ...listener, isOthers: 'no' }] },
])('%j is none', (changes) =>
  expect(() => parse(changes)).toThrow(expect.objectContaining({ code: 'ERR_UPGRADE_FAILED' })),
);

test.each([{}, 'takeover', [], 4711, { takeover: null }, { released: true }])('%j is none', (message) =>
  expect(() => parseManifest(message)).toThrow(/has said something else/),
);
