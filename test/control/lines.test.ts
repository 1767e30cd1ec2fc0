import { expect, test } from 'vitest';
import { Lines } from '../../dist/control/lines.js';

function read(chunks: string[], longest = 8): unknown[] {
  const lines = new Lines(longest);
  const read: unknown[] = [];
  for (const chunk of chunks) {
    lines.push(Buffer.from(chunk));
    for (let next = lines.next(); next !== undefined; next = lines.next()) {
      read.push(next === 'too long' ? next : next.line);
      if (next === 'too long') return read;
    }
  }
  return read;
}

test.each([
  [['a\n'], ['a']],
  [['a\nb\n'], ['a', 'b']],
  [
    ['a', 'b\nc', '\n'],
    ['ab', 'c'],
  ],
  [['\n\n'], ['', '']],
  [['abc'], []],
  [['12345678\n'], ['12345678']],
  [['123456789\n'], ['too long']],
  [['123456789'], ['too long']],
  [['1234', '5678', '9'], ['too long']],
  [['a\n123456789'], ['a', 'too long']],
])('%j is %j', (chunks, lines) => {
  expect(read(chunks)).toEqual(lines);
});

test('a character that is cut between two chunks is whole in its line', () => {
  const bytes = Buffer.from('ä\n');
  const lines = new Lines(8);
  lines.push(bytes.subarray(0, 1));
  expect(lines.next()).toBeUndefined();
  expect(lines.hasBegun).toBe(true);
  lines.push(bytes.subarray(1));
  expect(lines.next()).toEqual({ line: 'ä' });
  expect(lines.hasBegun).toBe(false);
});
