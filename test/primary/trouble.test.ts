import { expect, test } from 'vitest';
import { Trouble } from '../../dist/primary/trouble.js';

const failure = (syscall: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${syscall} EMFILE: too many open files`), { code: 'EMFILE', syscall });

test('failures to accept come in storms: one line for each kind, and none hides another', () => {
  const said: string[] = [];
  const say = (_facts: object, message: string) => said.push(message);
  const trouble = new Trouble({ info: say, warn: say, error: say }, true);
  for (let i = 0; i < 100; i++) {
    trouble.onAccept(failure('accept4'));
    trouble.onAccept(failure('setsockopt'));
  }
  expect(said).toEqual([
    expect.stringMatching(/^the primary cannot accept, and tries again: accept4 EMFILE/),
    expect.stringMatching(/^the primary cannot say who shall get connections, and tries again: setsockopt/),
  ]);
});
