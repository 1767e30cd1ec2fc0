import { expect, test } from 'vitest';
import { namesInspector, startsInspector } from '../dist/inspector-options.js';

test.each([
  ['--inspect', true],
  ['--inspect=0', true],
  ['--inspect=127.0.0.1:9229', true],
  ['--inspect-brk', true],
  ['--inspect-wait=9229', true],
  ['--inspect-port=9229', false],
  ['--inspect-publish-uid=http', false],
  ['--debug-port=9229', false],
])('%s names the inspector; starts it: %s', (option, starts) => {
  for (const [execArgv, nodeOptions] of [
    [['--no-warnings', option], undefined],
    [[], `--no-warnings ${option} --stack-size=900`],
    [[], `"${option}"`],
  ] as [string[], string | undefined][]) {
    expect(namesInspector(execArgv, nodeOptions)).toBe(true);
    expect(startsInspector(execArgv, nodeOptions)).toBe(starts);
  }
});

test.each([[], ['--no-warnings'], ['--stack-size=900']])('%j does neither', (...execArgv) => {
  expect(namesInspector(execArgv, '--no-deprecation')).toBe(false);
  expect(startsInspector(execArgv, '--no-deprecation')).toBe(false);
});
