import { fork } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MAX_WORKERS } from '../../dist/load-table.js';
import { fixture } from '../helpers/fleet.ts';
import { acceptAll, addon, closing, connections, LOOPBACK } from '../helpers/native.ts';
import { randomBytes } from '../helpers/random.ts';
import { eventually } from '../helpers/requests.ts';
import { type ExactPolicy, loadOf, refused, SelectorGroup, SelectorModel } from '../helpers/selector-ebpf.ts';
import { thrown } from '../helpers/thrown.ts';

const POLICIES: ExactPolicy[] = ['round-robin', 'least-connections'];
const V6 = { host: '::1', family: 6, port: 0 } as const;
const DUAL = { host: '::', family: 6, port: 0 } as const;

if (refused !== undefined) console.warn(`SKIPPED: selector programs (${refused})`);

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe.skipIf(refused !== undefined)('the kernel chooses whom the model does', () => {
  const MEMBERS = 12;
  const SLOTS = 20;
  const CONNECTIONS = 2000;

  describe.each(POLICIES)('%s', (policy) => {
    test.each([
      ['IPv4', LOOPBACK, ['127.0.0.1']],
      ['IPv6', V6, ['::1']],
      ['dual stack', DUAL, ['127.0.0.1', '::1']],
    ] as const)('%s', async (_name, options, hosts) => {
      const { seed, next } = randomBytes();
      console.info(`seed ${seed}`);
      const word = () => new DataView(next(4).slice().buffer).getUint32(0);
      const below = (bound: number) => word() % bound;
      const group = new SelectorGroup(policy, MEMBERS, options, SLOTS);
      const model = new SelectorModel(policy);
      const { view } = group;
      let slots: (number | null)[] = [];

      // Other members are eligible, and sockets move to other slots.
      function change(): void {
        const free = Array.from({ length: SLOTS }, (_, i) => i);
        const eligible = 1 + below(MEMBERS);
        slots = group.members.map(() => free.splice(below(free.length), 1)[0] as number);
        for (let i = 0; i < MEMBERS - eligible; i++) slots[below(MEMBERS)] = null;
        group.apply(slots);
      }

      // Few connections, or anything at all.
      function scribble(slot: number): void {
        const [assigned, adjust] = [word(), word()];
        view.set(slot, 'assigned', assigned);
        view.set(slot, 'adjust', adjust);
        view.set(slot, 'closed', below(4) === 0 ? word() : assigned + adjust - below(4));
      }

      change();
      for (let i = 0; i < CONNECTIONS; i++) {
        if (below(20) === 0) change();
        if (below(2) === 0) scribble(below(SLOTS));
        const list = slots.filter((slot) => slot !== null);
        const expected = model.choose(list, (slot) => loadOf(view, slot));
        const before = view.get(expected, 'assigned');
        const index = await group.arrival(hosts[i % hosts.length]);
        expect(slots[index], `connection ${i} of seed ${seed}`).toBe(expected);
        const counted = policy === 'least-connections' ? 1 : 0;
        expect(view.get(expected, 'assigned')).toBe((before + counted) >>> 0);
      }
      expect(group.selector.fallbacks()).toBe(0);
    });
  });
});

describe.skipIf(refused !== undefined)('round robin', () => {
  test('each gets as many', async () => {
    const group = new SelectorGroup('round-robin', 5);
    group.apply();
    expect(await group.arrivals(100)).toEqual(times(5, 20));
  });
});

describe.skipIf(refused !== undefined)('least connections', () => {
  test('who has fewest gets the next, until it has as many', async () => {
    const group = new SelectorGroup('least-connections', 4);
    group.apply();
    expect(await group.arrivals(40)).toEqual(times(4, 10)); // nothing says that they ended
    group.view.set(2, 'closed', 10);
    group.view.set(3, 'closed', 5);
    expect(await group.arrivals(15)).toEqual([0, 0, 10, 5]);
    expect(await group.arrivals(4)).toEqual(times(4, 1));
  });

  test('of equals each gets as many: connections that end before the next comes', async () => {
    const group = new SelectorGroup('least-connections', 4);
    group.apply();
    const counts = times(4, 0);
    for (let i = 0; i < 40; i++) {
      const index = await group.arrival();
      group.view.set(index, 'closed', ++(counts as number[])[index]);
    }
    expect(counts).toEqual(times(4, 10));
  });

  test('each of a burst counts at once', async () => {
    const group = new SelectorGroup('least-connections', 8);
    group.apply();
    await Promise.all(Array.from({ length: 80 }, () => connections(1, group.port)));
    const queues = () => group.members.map((member) => member.queueLength());
    await eventually(() => sum(queues()) === 80);
    const assigned = group.members.map((_, i) => group.view.get(i, 'assigned'));
    expect(sum(assigned)).toBe(80);
    expect(assigned).toEqual(queues());
  });
});

describe.skipIf(refused !== undefined).each(POLICIES)('%s', (policy) => {
  test('whatever is scribbled over the table, every connection arrives', async () => {
    const { seed, next } = randomBytes();
    const group = new SelectorGroup(policy, 6);
    group.apply();
    const whole = new Uint8Array(group.table.buffer());
    let arrived = 0;
    for (let i = 0; i < 300; i++) {
      whole.set(next(whole.length));
      arrived += sum(await group.arrivals(1));
    }
    expect([arrived, group.selector.fallbacks()], `seed ${seed}`).toEqual([300, 0]);
  });

  test('who is eligible changes while connections come: each finds somebody who is', async () => {
    const group = new SelectorGroup(policy, 8);
    group.apply();
    const child = fork(fixture('native/connects.mjs'), [String(group.port), '2000']);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    let [arrived, changes, ended] = [0, 0, false];
    child.once('exit', () => {
      ended = true;
    });
    while (!ended) {
      const [first, count] = [changes % 8, 1 + (changes % 7)];
      group.apply(group.members.map((_, i) => ((i + first) % 8 < count ? i : null)));
      changes++;
      for (const fd of group.members.flatMap(acceptAll)) {
        arrived++;
        addon.closeFd(fd);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(child.exitCode).toBe(0);
    expect([arrived, group.selector.fallbacks()]).toEqual([2000, 0]);
    expect(changes).toBeGreaterThan(100);
  });

  test('nobody is eligible: the hash chooses, of all', async () => {
    const group = new SelectorGroup(policy, 3);
    group.apply();
    group.apply([null, null, null]);
    const counts = await group.arrivals(100);
    expect(Math.min(...counts)).toBeGreaterThan(0); // by chance: once in 10^17 runs
    expect(group.selector.fallbacks()).toBeGreaterThanOrEqual(100);
    const fallbacks = group.selector.fallbacks();
    group.apply([null, 1, null]);
    expect(await group.arrivals(10)).toEqual([0, 10, 0]);
    expect(group.selector.fallbacks()).toBe(fallbacks);
  });

  test('a socket that is closed: those for it go by the hash', async () => {
    const group = new SelectorGroup(policy, 3);
    group.apply();
    group.members[1]?.close();
    group.members.splice(1, 1);
    const counts = await group.arrivals(60);
    expect(sum(counts)).toBe(60);
    expect(group.selector.fallbacks()).toBeGreaterThanOrEqual(20);
  });

  test('one that leaves, its slot given to a new one, and it comes back in another slot', async () => {
    const group = new SelectorGroup(policy, 3);
    group.apply();
    group.apply([0, null, 2]);
    expect(await group.arrivals(10)).toEqual([5, 0, 5]);
    group.join();
    group.apply([0, null, 2, 1]);
    for (const slot of [0, 1, 2]) group.view.set(slot, 'assigned', 0);
    expect(await group.arrivals(12)).toEqual([4, 0, 4, 4]);
    group.apply([3, 4, 5, 6]);
    expect(await group.arrivals(12)).toEqual([3, 3, 3, 3]);
    expect(group.selector.fallbacks()).toBe(0);
  });

  test('slots change hands all round', async () => {
    const group = new SelectorGroup(policy, 4);
    group.apply([0, 1, 2, 3]);
    group.apply([1, 2, 3, 0]);
    group.apply([3, 0, null, 1]);
    expect(await group.arrivals(9)).toEqual([3, 3, 0, 3]);
    expect(group.selector.fallbacks()).toBe(0);
  });

  test('one member alone makes no group; with the second it begins', async () => {
    const group = new SelectorGroup(policy, 1);
    group.apply();
    expect(await group.arrivals(5)).toEqual([5]);
    group.join();
    group.apply();
    expect(await group.arrivals(10)).toEqual([5, 5]);
  });

  test(`${MAX_WORKERS} members`, async () => {
    const group = new SelectorGroup(policy, MAX_WORKERS);
    group.apply();
    expect(await group.arrivals(2 * MAX_WORKERS)).toEqual(times(MAX_WORKERS, 2));
    expect(group.selector.fallbacks()).toBe(0);
  });

  test('is loaded in no time', () => {
    const table = new addon.LoadTable({ slots: MAX_WORKERS, inKernel: true });
    const took = Array.from({ length: 5 }, () => {
      const begun = performance.now();
      new addon.Selector(table, policy, 'ebpf', 0).close();
      return performance.now() - begun;
    });
    console.info(`${policy}: loaded in ${took.map((ms) => ms.toFixed(1)).join(', ')} ms`);
    expect(Math.min(...took)).toBeLessThan(100);
  });

  test('what fails half-way is tried again', async () => {
    const group = new SelectorGroup(policy, 4);
    const [a, b, c, d] = group.members as [never, never, never, never];
    const other = new addon.Selector(group.table, policy, 'ebpf', 0);
    group.apply([0, 1], [a, b]);
    const all = [a, c, d].map((socket, slot) => ({ socket, slot: 3 - slot, eligible: true, load: 0 }));
    // A socket can be in one selector only.
    expect(thrown(() => other.apply(all))).toMatchObject({ code: 'EBUSY', syscall: 'bpf' });
    other.apply(all.slice(1));
    expect(await group.arrivals(10)).toEqual([0, 0, 5, 5]);
  });

  test('one that is closed lets its sockets go: the hash chooses, until another selector has them', async () => {
    const group = new SelectorGroup(policy, 2);
    group.apply([0, null]);
    expect(await group.arrivals(20)).toEqual([20, 0]);
    group.selector.close();
    const spread = await group.arrivals(100);
    expect(Math.min(...spread)).toBeGreaterThan(0);
    const next = new addon.Selector(group.table, policy, 'ebpf', 0);
    closing(next).apply(
      group.members.map((socket, slot) => ({ socket, slot, eligible: slot === 1, load: 0 })),
    );
    expect(await group.arrivals(20)).toEqual([0, 20]);
  });

  test('what cannot be is refused', () => {
    const group = new SelectorGroup(policy, 2, LOOPBACK, 4);
    for (const slots of [
      [0, 4],
      [1, 1],
    ]) {
      expect(thrown(() => group.apply(slots))).toMatchObject({ code: 'EINVAL', syscall: 'bpf' });
    }
  });
});

test.skipIf(refused !== undefined)(
  'a table that is not in the kernel, or not ours to give, is refused',
  () => {
    const load = (options: ConstructorParameters<typeof addon.LoadTable>[0]) =>
      new addon.Selector(new addon.LoadTable(options), 'least-connections', 'ebpf', 0);
    expect(thrown(() => load({ slots: 4 }))).toMatchObject({ code: 'EINVAL', syscall: 'bpf' });
    const table = new addon.LoadTable({ slots: 4, inKernel: true });
    expect(thrown(() => load({ shared: table.share() }))).toMatchObject({ code: 'EBADF', syscall: 'bpf' });
    const hash = () => new addon.Selector(table, 'hash', 'ebpf', 0);
    expect(thrown(hash)).toMatchObject({ code: 'EINVAL', syscall: 'bpf' });
  },
);
