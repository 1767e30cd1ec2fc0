import { afterEach, expect, test, vi } from 'vitest';
import { show } from '../../bench/lib/live.mjs';
import { progress } from '../../bench/lib/progress.mjs';
import { plan, run } from '../../bench/lib/run.mjs';
import { summarize } from '../../bench/lib/summary.mjs';
import { column } from './reports.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Measures nothing, and says so as rounds.mjs would. */
function part(name: string, fail?: Error) {
  const options = { rounds: 2 };
  const scenario = {
    name,
    title: name,
    options,
    async run(contestants: { id: string }[]) {
      if (fail) throw fail;
      const results = Object.fromEntries(contestants.map(({ id }) => [id, [] as object[]]));
      for (let round = 0; round < 2; round++) {
        for (const { id } of contestants) {
          progress.emit('doing', { text: `round ${round + 1}: ${id}` });
          results[id]?.push({ p99: round });
          progress.emit('measured', { id, round });
        }
      }
      return results;
    },
    summarize: (results: { [id: string]: object[] }) => summarize(results, [column('p99')]),
  };
  return { scenario, contestants: [{ id: 'a' }, { id: 'b' }], options };
}

test('a scenario that fails is named with the reason, and the others run', async () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const parts = [part('one'), part('two', new Error('no such thing')), part('three')];
  const { scenarios, failed } = await run(parts, plan(parts));
  expect(Object.keys(scenarios)).toEqual(['one', 'three']);
  expect(failed).toEqual([{ id: 'two', why: 'it failed: no such thing' }]);
  expect(scenarios.one).toMatchObject({
    title: 'one',
    options: { rounds: 2 },
    results: { a: [{ p99: 0 }, { p99: 1 }] },
  });
  expect(write.mock.calls.map(([text]) => text).join('')).toMatch(/two failed: Error: no such thing/);
  expect(progress.listenerCount('doing')).toBe(0);
});

test('no terminal: a line for each round', async () => {
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  const parts = [part('one'), part('two')];
  await run(parts, plan(parts));
  expect(said.map((line) => line.replace(/: about .*/s, ''))).toEqual([
    'one, round 1 of 2',
    'one, round 2 of 2',
    'two, round 1 of 2',
    'two, round 2 of 2',
    expect.stringMatching(/^0:00 gone/),
  ]);
});

test('a terminal: the table is drawn over itself, and what is said stays above', () => {
  const written: string[] = [];
  const terminal = {
    isTTY: true,
    columns: 80,
    rows: 24,
    write: (text: string) => written.push(text) > 0,
  };
  const display = show(plan([part('one')]), terminal);
  display.say('something');
  display.end();
  const up = written.filter((text) => text.startsWith('\x1b[') && text.endsWith('A'));
  expect(up).toEqual(['\x1b[6A']); // the head's two lines, a contestant each, an empty one and the time
  expect(written.indexOf('something\n')).toBeLessThan(written.findIndex((text) => text.includes('one')));
});
