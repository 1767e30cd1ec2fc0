import { expect, test } from 'vitest';
import { castOf, OPTIONS } from '../../bench/guard.mjs';
import { loadScenarios } from '../../bench/lib/cast.mjs';
import { absentOf, chooseContestants, chooseScenarios, optionsOf } from '../../bench/lib/choose.mjs';
import { ALL, contestants, EVERYONE, isOurs } from '../../bench/lib/contestants.mjs';
import { plan } from '../../bench/lib/run.mjs';

const PEER = { id: 'proxy', label: 'a proxy' };
const FIRST = { id: 'relay/one', label: 'a relay' };
const SECOND = { id: 'relay/two', label: 'a relay, in another way' };
const AWAY = { id: 'away', label: 'not installed' };
const ALONE = { id: 'one-process@24', label: 'on another Node', isAlone: true };
const NEWER = { id: 'hand-off/round-robin@24', label: 'evenkeel on another Node' };
const WHY = 'it is not installed';
const cast = {
  known: [PEER, AWAY, ALONE, NEWER, FIRST, SECOND, ...ALL],
  why: (one: { id: string }) => (one.id === 'away' ? WHY : undefined),
};
const SCENARIO = {
  name: 'some',
  contestants: [
    'one-process',
    'cluster/round-robin',
    'cluster/shared-handle',
    'hand-off',
    'hand-off/round-robin',
  ],
  options: { rounds: 3, seed: 7, seconds: 9 },
};

const chosen = (asked: object, scenario: object = SCENARIO) =>
  chooseContestants(scenario, asked, cast).taking.map(({ id }: { id: string }) => id);

test('usually: whom the scenario names, if there', () => {
  expect(chosen({})).toEqual([
    'one-process',
    'cluster/round-robin',
    'cluster/shared-handle',
    'hand-off/least-connections',
    'hand-off/round-robin',
  ]);
  const named = ['relay', 'one-process@24', 'away', 'hand-off'];
  expect(chosen({}, { ...SCENARIO, contestants: named })).toEqual([
    'one-process@24',
    'relay/one',
    'hand-off/least-connections',
  ]);
});

test('who is absent is left out with the reason, and who is not named by choice', () => {
  const { left } = chooseContestants({ ...SCENARIO, contestants: ['away', 'relay'] }, {}, cast);
  expect(left).toContainEqual({ id: 'away', why: WHY });
  expect(left).toContainEqual({ id: 'relay/two', why: 'left out, unless --peers names it', byChoice: true });
  expect(chosen({ peers: ['relay/two'], strategies: [] })).toEqual(['relay/two']);
});

test('of all scenarios: each once, where in some alone with their names', () => {
  const choice = { why: 'left out', byChoice: true };
  expect(
    absentOf([
      {
        name: 'a',
        left: [
          { id: 'away', why: WHY },
          { id: 'x', ...choice },
          { id: 'y', ...choice },
        ],
      },
      {
        name: 'b',
        left: [
          { id: 'away', ...choice },
          { id: 'x', ...choice },
        ],
      },
    ]),
  ).toEqual([
    { id: 'away', why: WHY },
    { id: 'x', why: 'left out' },
    { id: 'y', why: 'left out (a)' },
  ]);
});

test('--quick: one of each kind, the floor, and what most have', () => {
  expect(chosen({ quick: true })).toEqual([
    'one-process',
    'cluster/round-robin',
    'hand-off/least-connections',
  ]);
  const { left } = chooseContestants(SCENARIO, { quick: true }, cast);
  expect(left).toContainEqual({ id: 'proxy', why: 'left out, unless --peers names it', byChoice: true });
  const why = 'left out, unless --strategies names it';
  expect(left).toContainEqual({ id: 'hand-off/round-robin', why, byChoice: true });
});

test('--strategies replaces ours and leaves the peers; a name alone is the first policy', () => {
  expect(chosen({ quick: true, strategies: ['shared-handle', 'hand-off/round-robin'] })).toEqual([
    'one-process',
    'cluster/round-robin',
    'shared-handle/least-connections',
    'hand-off/round-robin',
  ]);
});

test('two names for one are one', () => {
  expect(chosen({ peers: [], strategies: ['hand-off', 'hand-off/least-connections'] })).toEqual([
    'hand-off/least-connections',
  ]);
});

test('--peers replaces those, with --quick too', () => {
  expect(chosen({ quick: true, peers: ['proxy'] })).toEqual(['proxy', 'hand-off/least-connections']);
  expect(chosen({ peers: [], strategies: ['reuse-port/hash@no-rescue'] })).toEqual([
    'reuse-port/hash@no-rescue',
  ]);
});

test('where workers are killed, who has none is left out with the reason', () => {
  const { taking, left } = chooseContestants(
    { ...SCENARIO, killsWorkers: true },
    { peers: ['one-process'] },
    cast,
  );
  expect(taking.map(({ id }: { id: string }) => id)).not.toContain('one-process');
  expect(left).toContainEqual({ id: 'one-process', why: 'some kills workers, and it has none' });
});

test('a name nobody has is refused, and so is ours as a peer', () => {
  expect(() => chosen({ peers: ['nobody'] })).toThrow(/^--peers: no contestant 'nobody': there are proxy, /);
  expect(() => chosen({ peers: ['hand-off'] })).toThrow(/^--peers: /);
  expect(() => chosen({ strategies: ['proxy'] })).toThrow(/^--strategies: /);
  expect(() => contestants(['hand-off/source-hash'])).toThrow(/one address/);
});

test('ours are known by their strategy', () => {
  expect(contestants(['shared-handle', 'cluster/shared-handle']).map(isOurs)).toEqual([true, false]);
});

test('scenarios: all, or those asked for, in their own order', () => {
  const all = [{ name: 'a' }, { name: 'b', quick: null }, { name: 'c', quick: {} }];
  const names = (asked: object) =>
    chooseScenarios(all, asked).chosen.map(({ name }: { name: string }) => name);
  expect(names({})).toEqual(['a', 'b', 'c']);
  expect(names({ only: ['c', 'a'] })).toEqual(['a', 'c']);
  expect(names({ quick: true })).toEqual(['a', 'c']);
  expect(names({ quick: true, only: ['b'] })).toEqual(['b']);
  expect(chooseScenarios(all, { quick: true }).left).toEqual([
    { id: 'b', why: 'left out by --quick, unless --only names it' },
  ]);
  expect(() => names({ only: ['d'] })).toThrow("no scenario 'd'; --only takes a, b, c");
});

test('options: the seed where something is random, less of it with --quick', () => {
  const common = { workers: 2, cpus: 2, node: '/node', seed: 5 };
  expect(optionsOf(SCENARIO, common)).toEqual({ workers: 2, node: '/node', rounds: 3, seed: 5, seconds: 9 });
  expect(optionsOf(SCENARIO, { ...common, quick: true }).rounds).toBe(1);
  const less = { ...SCENARIO, quick: { seconds: 1 } };
  expect(optionsOf(less, { ...common, quick: true })).toMatchObject({ rounds: 3, seconds: 1 });
  expect(optionsOf({ options: { rounds: 1 } }, common)).not.toHaveProperty('seed');
});

test('options: more for a larger machine, each by what it grows with', () => {
  const scenario = {
    options: { rounds: 3, rate: 390, rates: [500, 2000], clients: 64 },
    quick: { rates: [1000] },
    scale: { rate: 'cpus', rates: 'cpus', clients: 'workers' },
  };
  const own = (workers: number, cpus: number, quick = false) => {
    const options = optionsOf(scenario, { workers, cpus, node: '/node', seed: 1, quick });
    return [options.rate, options.rates, options.clients];
  };
  expect(own(4, 2)).toEqual([390, [500, 2000], 64]);
  expect(own(12, 12)).toEqual([2340, [3000, 12_000], 192]);
  expect(own(4, 12)).toEqual([780, [1000, 4000], 64]); // no more CPUs than workers can use
  expect(own(2, 1)).toEqual([195, [250, 1000], 64]);
  expect(own(12, 12, true)).toEqual([2340, [6000], 192]);
  expect(own(256, 256)).toEqual([20_000, [20_000, 20_000], 500]); // what there is a limit to
});

test('every scenario has what a run needs, and the guard knows whom it asks for', async () => {
  const scenarios = await loadScenarios();
  for (const scenario of scenarios) {
    expect(scenario.options.rounds, scenario.name).toBeGreaterThan(0);
    for (const option of Object.keys(scenario.scale ?? {})) expect(scenario.options).toHaveProperty(option);
    if (scenario.name === 'cpu' || scenario.name === 'keep-alive') {
      expect(scenario.options.seconds % 1, 'whole seconds, for wrk').toBe(0);
    }
    expect(Object.keys(scenario.options), scenario.name).toEqual(
      expect.arrayContaining(Object.keys(scenario.quick ?? {})),
    );
    const { taking } = chooseContestants(scenario, {}, { known: EVERYONE, why: () => undefined });
    expect(taking.length, scenario.name).toBeGreaterThan(0);
  }
  for (const name of Object.keys(OPTIONS)) {
    expect(scenarios.map((scenario: { name: string }) => scenario.name)).toContain(name);
    expect(ALL.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(castOf(name)));
  }
});

test('whoever one scenario has warmed is warm for the next', () => {
  const part = {
    scenario: SCENARIO,
    contestants: [{ id: 'a' }, { id: 'b' }],
    options: { rounds: 1, seconds: 1 },
  };
  const { ids, stages } = plan([part, part]);
  expect(ids).toEqual(['a', 'b']);
  expect(stages[0]?.expected).toBeGreaterThan(stages[1]?.expected as number);
});
