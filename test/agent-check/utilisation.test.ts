import { describe, expect, test } from 'vitest';
import { type CpuTimes, cpuTimes } from '../../dist/agent-check/machine.js';
import { type Readings, Utilisation } from '../../dist/agent-check/utilisation.js';

/** A machine of two CPUs whose clocks are set by hand. */
class Machine implements Readings {
  now = 0;
  readonly busy = new Map<number, number>();
  times: CpuTimes = { idle: 1000, total: 1000 };
  reads = 0;

  readonly busyTime = (pid: number): number | undefined => {
    this.reads++;
    return this.busy.get(pid);
  };

  readonly cpuTimes = (): CpuTimes => this.times;

  /** So many seconds in which the workers and the machine are that busy. */
  pass(seconds: number, shares: Record<number, number>, machine?: number): void {
    this.now += 1000 * seconds;
    for (const [pid, share] of Object.entries(shares)) {
      this.busy.set(Number(pid), (this.busy.get(Number(pid)) ?? 5) + share * seconds);
    }
    if (machine === undefined) return;
    const total = this.times.total + 2 * seconds;
    this.times = { idle: this.times.idle + 2 * seconds * (1 - machine), total };
  }
}

/** What it comes to when each of many seconds is like that. */
function settled(shares: Record<number, number>, machine?: number): number | undefined {
  const world = new Machine();
  const utilisation = new Utilisation(world);
  let found: number | undefined;
  for (let i = 0; i < 200; i++) {
    world.pass(1, shares, machine);
    found = utilisation.of(Object.keys(shares).map(Number), world.now);
  }
  return found;
}

describe('how busy a fleet is', () => {
  test.each([
    ['the mean of its workers', { 1: 0.2, 2: 0.6 }, 0.3, 0.4],
    ["the machine's where that is more", { 1: 0.2, 2: 0.6 }, 0.8, 0.8],
    ['its workers alone where no tick of the machine passes', { 1: 0.2, 2: 0.6 }, undefined, 0.4],
    ['the machine alone where nothing is known of workers', {}, 0.7, 0.7],
    ['no worker counts for more than one: other threads may be busy, too', { 1: 3, 2: 0 }, 0, 0.5],
  ])('%s', (_what, shares, machine, expected) => {
    expect(settled(shares as Record<number, number>, machine)).toBeCloseTo(expected, 2);
  });

  test('nothing is known at first, nor where nothing is measured', () => {
    const world = new Machine();
    const utilisation = new Utilisation(world);
    world.busy.set(1, 100);
    expect(utilisation.of([1], 0)).toBeUndefined();
    expect(settled({})).toBeUndefined();
    expect(new Utilisation({ ...world, busyTime: undefined }).of([1], 0)).toBeUndefined();
  });

  test('a worker that was not there before counts as idle, whatever its start took', () => {
    const world = new Machine();
    const utilisation = new Utilisation(world);
    world.pass(1, { 1: 0 });
    utilisation.of([1], world.now);
    world.pass(1, { 1: 0, 2: 60 });
    expect(utilisation.of([1, 2], world.now)).toBeCloseTo(0, 10);
  });

  test('where the machine could not be looked at, its whole life until the next look does not count', () => {
    const world = new Machine();
    const utilisation = new Utilisation(world);
    const { times } = world;
    world.times = { idle: 0, total: 0 };
    utilisation.of([], world.now);
    world.times = times;
    world.pass(1, {}, 0.5);
    expect(utilisation.of([], world.now)).toBeUndefined();
  });

  test('many who ask within half a second get the same, and cost one measurement', () => {
    const world = new Machine();
    const utilisation = new Utilisation(world);
    world.pass(1, { 1: 0.5 });
    utilisation.of([1], world.now);
    world.pass(0.6, { 1: 0.5 });
    const found = utilisation.of([1], world.now);
    expect(found).toBeGreaterThan(0);
    expect(world.reads).toBe(2);
    for (let i = 0; i < 100; i++) expect(utilisation.of([1], world.now + i)).toBe(found);
    expect(world.reads).toBe(2);
  });
});

test("this machine's CPU times", async () => {
  const before = cpuTimes();
  expect(before.total).toBeGreaterThan(before.idle);
  const until = performance.now() + 100;
  while (performance.now() < until);
  expect(cpuTimes().total).toBeGreaterThan(before.total);
});
