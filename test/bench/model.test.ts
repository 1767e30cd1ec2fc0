// The simulation against what is known exactly, and against what must hold whatever happens.
import { describe, expect, test } from 'vitest';
import { percentile } from '../../bench/lib/statistics.mjs';
import * as disciplines from '../../bench/model/disciplines.mjs';
import { simulate } from '../../bench/model/fleet.mjs';
import { lateBinding } from '../../bench/model/late-binding.mjs';
import { erlangC, meanWaitEkM1, meanWaitMG1, meanWaitMMk } from '../../bench/model/queueing.mjs';
import { deterministic, exponential, lognormal, mix } from '../../bench/model/service.mjs';
import { poissonWorkload } from '../../bench/model/workload.mjs';

const { centralQueue, leastConnections, randomChoice, roundRobin, shortestQueue, twoChoices } = disciplines;
const SKEW = mix({ share: 0.05, long: 50, short: 0.2 });
const ALL = {
  'central queue': centralQueue,
  'shortest queue': shortestQueue,
  'least connections, late': leastConnections({ delay: 3 }),
  'two choices': twoChoices,
  random: randomChoice,
  'round robin': roundRobin,
  'late binding, 1 ahead': lateBinding({ ahead: 1, after: 1 }),
  'late binding, 16 ahead': lateBinding({ ahead: 16, after: 10 }),
  'one ahead, in turn': lateBinding({ ahead: 1, inTurn: true }),
};

type Service = ReturnType<typeof exponential>;
type Discipline = Parameters<typeof simulate>[1]['discipline'];

/** @param load of one worker, 0 to 1 */
function workloadOf(service: Service, { workers = 4, load = 0.7, requests = 30_000, seed = 1 } = {}) {
  return poissonWorkload({ rate: (1000 * load * workers) / service.mean, service, requests, seed });
}

/** Compared at once, where toEqual() would look at each number. */
const bytes = (column: NodeJS.ArrayBufferView) =>
  Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString('base64');

function meanWait(
  service: Service,
  { workers, load, discipline }: { workers: number; load: number; discipline: Discipline },
) {
  const workload = workloadOf(service, { workers, load, requests: 400_000, seed: 11 });
  const { began } = simulate(workload, { workers, discipline });
  return began.reduce((sum, time, i) => sum + time - (workload.at[i] as number), 0) / began.length;
}

describe('against theory', () => {
  const near = (found: number, expected: number) => expect(Math.abs(found / expected - 1)).toBeLessThan(0.05);

  test("Erlang's C has the values of its tables", () => {
    expect(erlangC(1, 0.7)).toBeCloseTo(0.7, 12); // M/M/1: as likely as the server is at work
    expect(erlangC(2, 1)).toBeCloseTo(1 / 3, 12);
    expect(erlangC(128, 100)).toBeGreaterThan(0);
  });

  test.each([1, 4, 16])('M/M/%i waits as long as Erlang says', (workers) => {
    const expected = meanWaitMMk({ rate: (0.8 * workers) / 5, mean: 5, servers: workers });
    near(meanWait(exponential(5), { workers, load: 0.8, discipline: centralQueue }), expected);
  });

  test.each([
    ['deterministic', deterministic(5)],
    ['lognormal', lognormal(5, 1)],
    ['the skewed mix', SKEW],
  ])('M/G/1 with %s work waits as long as Pollaczek and Khinchine say', (_, service) => {
    const expected = meanWaitMG1({ rate: 0.6 / service.mean, service });
    near(meanWait(service, { workers: 1, load: 0.6, discipline: centralQueue }), expected);
  });

  test('a random choice makes of k workers k times M/G/1', () => {
    const expected = meanWaitMG1({ rate: 0.6 / SKEW.mean, service: SKEW });
    near(meanWait(SKEW, { workers: 4, load: 0.6, discipline: randomChoice }), expected);
  });

  test('in turn, each of k workers is E_k/M/1', () => {
    const expected = meanWaitEkM1({ rate: (0.8 * 4) / 5, mean: 5, stages: 4 });
    near(meanWait(exponential(5), { workers: 4, load: 0.8, discipline: roundRobin }), expected);
  });

  test('workers that share one core take as long as processor sharing does', () => {
    // With as many workers as there can be requests, M/G/1-PS: response time mean / (1 - load), whatever the work.
    const workload = workloadOf(SKEW, { workers: 1, load: 0.5, requests: 400_000, seed: 3 });
    const { ended } = simulate(workload, { workers: 200, cores: 1, discipline: centralQueue });
    const mean = ended.reduce((sum, time, i) => sum + time - (workload.at[i] as number), 0) / ended.length;
    near(mean, SKEW.mean / 0.5);
  });
});

describe.each(Object.entries(ALL))('%s', (_, discipline) => {
  const workload = workloadOf(SKEW);
  const options = { workers: 4, discipline, seed: 5 };
  const { began, ended, by, utilisation } = simulate(workload, options);

  test('everyone is served once, for as long as the work takes, and nobody before they come', () => {
    expect(by.every((worker) => worker >= 0 && worker < 4)).toBe(true);
    expect(began.every((time, i) => time >= (workload.at[i] as number))).toBe(true);
    const error = ended.map((time, i) =>
      Math.abs(time - (began[i] as number) - (workload.work[i] as number)),
    );
    expect(Math.max(...error)).toBeLessThan(1e-6);
  });

  test('a worker serves one at a time', () => {
    for (let worker = 0; worker < 4; worker++) {
      const own = [...by.keys()].filter((i) => by[i] === worker);
      own.sort((a, b) => (began[a] as number) - (began[b] as number));
      const overlaps = own.filter(
        (i, n) => n > 0 && (began[i] as number) < (ended[own[n - 1] as number] as number),
      );
      expect(overlaps).toEqual([]);
    }
  });

  test('the workers are at work for as long as there is work: no more, no less', () => {
    expect(Math.abs(utilisation - 0.7)).toBeLessThan(0.03);
    const { by: none, utilisation: idle } = simulate(
      { at: new Float64Array(), work: new Float64Array() },
      options,
    );
    expect([none.length, idle]).toEqual([0, 0]);
  });

  test('the same seed, the same history', () => {
    const again = simulate(workload, options);
    expect([again.began, again.ended, again.by].map(bytes)).toEqual([began, ended, by].map(bytes));
  });

  test('with fewer cores than workers nobody is done sooner, and all are served', () => {
    const slower = simulate(workloadOf(SKEW, { load: 0.3 }), { ...options, cores: 2 });
    const work = workloadOf(SKEW, { load: 0.3 }).work;
    expect(
      slower.ended.every((time, i) => time - (slower.began[i] as number) > (work[i] as number) - 1e-6),
    ).toBe(true);
    expect(Math.abs(slower.utilisation - 0.6)).toBeLessThan(0.05);
  });
});

test('one queue: nobody waits while a worker is idle', () => {
  const { at, work } = workloadOf(SKEW);
  const { began, ended, by } = simulate({ at, work }, { workers: 4, discipline: centralQueue });
  const lastEnd = new Map<number, number>();
  for (let i = 0; i < at.length; i++) {
    if ((began[i] as number) > (at[i] as number)) expect(began[i]).toBe(lastEnd.get(by[i] as number));
    lastEnd.set(by[i] as number, ended[i] as number);
  }
});

test('who knows more waits less: in the order of theory', () => {
  const workload = workloadOf(SKEW, { workers: 8, requests: 100_000 });
  const p99 = (discipline: Discipline) => {
    const { ended } = simulate(workload, { workers: 8, discipline });
    return percentile(
      ended.map((time, i) => time - (workload.at[i] as number)),
      0.99,
    );
  };
  const order = [centralQueue, shortestQueue, twoChoices, randomChoice].map(p99);
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(p99(leastConnections({ delay: 5 }))).toBeGreaterThan(p99(shortestQueue));
});

describe('late binding', () => {
  const job = (...jobs: [number, number][]) => ({
    at: Float64Array.from(jobs, ([at]) => at),
    work: Float64Array.from(jobs, ([, work]) => work),
  });
  const ends = (workload: ReturnType<typeof job>, options: Parameters<typeof lateBinding>[0]) => [
    ...simulate(workload, { workers: 2, discipline: lateBinding(options) }).ended,
  ];
  // Both are at work, and two are sent ahead, one each; worker 1 is idle again at 3.
  const jobs = job([0, 100], [0, 1], [0.5, 1], [0.5, 1]);

  test('what lies behind a long one is taken back when another is idle and it has lain for long enough', () => {
    expect(ends(jobs, { ahead: 1, after: 1 })).toEqual([100, 1, 3, 2]);
  });
  test('not before that', () => {
    expect(ends(jobs, { ahead: 1, after: 10 })[2]).toBe(11.5);
  });
  test('never, where nothing is taken back', () => {
    expect(ends(jobs, { ahead: 1 })[2]).toBe(101);
  });
  test('with nothing ahead it is the central queue', () => {
    const workload = workloadOf(SKEW);
    const run = (discipline: Discipline) => bytes(simulate(workload, { workers: 4, discipline }).ended);
    expect(run(lateBinding({ ahead: 0 }))).toEqual(run(centralQueue));
  });
  test('with everything ahead, in turn and for good, it is round robin', () => {
    const workload = workloadOf(SKEW);
    const run = (discipline: Discipline) => bytes(simulate(workload, { workers: 4, discipline }).ended);
    expect(run(lateBinding({ ahead: Number.POSITIVE_INFINITY, inTurn: true }))).toEqual(run(roundRobin));
  });
});
