import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { fixture, NODE } from '../helpers/fleet.ts';

test('a start, a reload and a stop on the diagnostics channels', () => {
  const out = execFileSync(NODE, [fixture('library/diagnostics.mjs')], { encoding: 'utf8' });
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const said = lines.map(({ channel, message }) =>
    channel === 'evenkeel.worker.state' ? `${message.worker.generation} ${message.worker.state}` : channel,
  );
  expect(said).toEqual([
    '1 starting',
    'evenkeel.listener',
    '1 ready',
    'evenkeel.reload.start',
    '2 starting',
    '2 ready',
    '1 draining',
    '1 dead',
    'evenkeel.reload.end',
    '2 draining',
    '2 dead',
    'evenkeel.stop',
  ]);
  const end = lines.find(({ channel }) => channel === 'evenkeel.reload.end').message;
  expect(end).toEqual({ generation: 2, duration: expect.any(Number) });
});
