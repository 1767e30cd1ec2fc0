import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { randomBytes } from '../helpers/random.ts';
import {
  all,
  type BySource,
  chiSquare,
  chosenBySource,
  clientsCommand,
  ownNetwork,
  type Predictor,
  SelectedGroup,
} from '../helpers/selector-cbpf.ts';
import { thrown } from '../helpers/thrown.ts';

/** What a random choice exceeds once in a million runs, by degrees of freedom. */
const ONE_IN_A_MILLION: Record<number, number> = { 2: 27.6, 7: 40.5 };

/** Classic BPF selectors in this kernel, as whoever this process is. */
export function classicSelectors(predictor: Predictor): void {
  afterAll(() => predictor.remove());

  describe('by source: the member that native/pick.h says', () => {
    const { seed, next } = randomBytes();
    const byte = () => next(1)[0] as number;
    const slots = [3, 0, 7, 12, 1, 255, 40];
    const v4 = Array.from({ length: 1500 }, () => `127.${byte()}.${byte()}.${1 + (byte() % 254)}`);
    const v6 = Array.from({ length: 1500 }, () => {
      const words = Array.from({ length: 4 }, () => ((byte() << 8) | byte()).toString(16));
      return `fd00::${words.join(':')}`;
    });

    function matches(what: Omit<BySource, 'seed' | 'slots'>, within?: string[]): number[] {
      const asked = { ...what, seed, slots };
      const chosen = chosenBySource(asked, within);
      expect(chosen, `EVENKEEL_TEST_SEED=${seed}`).toEqual(predictor.slots(asked));
      expect(new Set(chosen).size).toBe(slots.length - what.absent.length);
      return chosen;
    }

    test.each([{ absent: [] }, { absent: [7, 0] }])('IPv4 and dual stack, without %o', ({ absent }) => {
      const where = { connectTo: '127.0.0.1', absent, sources: v4 };
      const onV4 = matches({ host: '127.0.0.1', ...where });
      expect(matches({ host: '::', ...where })).toEqual(onV4);
    });

    const network = ownNetwork();
    if (network === undefined) console.warn('SKIPPED: IPv6 sources (no network namespace of our own)');
    test.skipIf(network === undefined)('IPv6', () => {
      const where = { connectTo: 'fd00::1', sources: v6 };
      matches({ host: 'fd00::1', absent: [], ...where }, network);
      matches({ host: '::', absent: [255], ...where }, network);
    });

    const poor = ownNetwork('echo 20480 > /proc/sys/net/core/optmem_max');
    if (poor === undefined) console.warn('SKIPPED: 256 members in 20 KiB (no optmem_max of our own)');
    test.skipIf(poor === undefined)('256 members, where a program has 20 KiB as before Linux 6.8', () => {
      const many = Array.from({ length: 256 }, (_, i) => i);
      const what = { host: '::', connectTo: '127.0.0.1', seed, slots: many, absent: [9], sources: v4 };
      expect(chosenBySource(what, poor)).toEqual(predictor.slots(what));
    });
  });

  describe('at random', () => {
    test('with equal chances; none without being eligible', async () => {
      const group = new SelectedGroup(8, 'random');
      group.apply(all(8));
      const counts = await group.came(3000);
      expect(chiSquare(counts, Array(8).fill(1)), String(counts)).toBeLessThan(ONE_IN_A_MILLION[7] as number);
      group.apply(all(8, [0, 3, 4, 6, 7]));
      const [, one, two, , , five] = await group.came(300);
      expect([one, two, five].reduce((sum = 0, count = 0) => sum + count)).toBe(300);
    });

    test('least connections: who has fewer gets more, in proportion to what it lacks', async () => {
      const group = new SelectedGroup(4, 'least-connections');
      group.apply([0, 1, 2, 3].map((load) => ({ eligible: true, load })));
      const weights = [7, 4, 1, 0]; // of 4 connections, poured over them: up to a level of 7/3
      const counts = await group.came(3000);
      expect(chiSquare(counts, weights), String(counts)).toBeLessThan(ONE_IN_A_MILLION[2] as number);
      expect(counts[3]).toBe(0);
      const changed = [9, 5, 9, 0].map((load, i) => ({ eligible: i !== 3, load }));
      group.apply(changed); // 20 came: up to a level of 43/3 as many again would
      const again = await group.came(1500);
      expect(chiSquare(again, [16, 28, 16, 0]), String(again)).toBeLessThan(ONE_IN_A_MILLION[2] as number);
      group.apply(changed); // none came since
      expect((await group.came(100))[1]).toBe(100);
    });

    test('least connections: 100 held, opened one after another, are spread evenly', async () => {
      const group = new SelectedGroup(4, 'least-connections');
      const loads = [0, 0, 0, 0];
      for (let i = 0; i < 100; i++) {
        group.apply(loads.map((load) => ({ eligible: true, load })));
        const member = (await group.came(1)).indexOf(1);
        loads[member] = (loads[member] as number) + 1;
      }
      expect(Math.max(...loads) / 25).toBeLessThanOrEqual(1.04);
    });
  });

  describe('the kernel’s own hash', () => {
    test('until somebody is not eligible, and again when all are', async () => {
      const group = new SelectedGroup(3, 'hash');
      for (const absent of [[], [1], [], [0, 2], [0, 1, 2]]) {
        group.apply(all(3, absent));
        const counts = await group.came(200);
        const isOne = (i: number) => absent.length === 3 || !absent.includes(i);
        expect(counts.map((count) => count > 0)).toEqual([0, 1, 2].map(isOne));
      }
    });

    test('where the program names somebody beyond the group, or nobody is eligible', async () => {
      const group = new SelectedGroup(2, 'random');
      group.apply(all(3, [0, 1]));
      expect(Math.min(...(await group.came(200)))).toBeGreaterThan(50);
      group.apply(all(2, [0, 1]));
      expect(Math.min(...(await group.came(200)))).toBeGreaterThan(50);
      group.apply(all(2, [1]));
      expect(await group.came(50)).toEqual([50, 0]);
    });
  });

  describe('attached', () => {
    test('once there are two members; by itself one has all, and needs none', async () => {
      const group = new SelectedGroup(1, 'random');
      group.apply(all(1));
      group.apply([]);
      expect(await group.came(10)).toEqual([10]);
    });

    test('anew only where the program is another one', async () => {
      const group = new SelectedGroup(2, 'least-connections');
      const other = group.another('random');
      const loads = (...of: number[]) => of.map((load) => ({ eligible: true, load }));
      group.apply(loads(5, 5));
      group.apply(all(2, [0]), other);
      group.apply(loads(5, 5));
      group.apply(loads(6, 6)); // the same weights
      expect(await group.came(50)).toEqual([0, 50]);
      group.apply(loads(0, 9));
      expect(await group.came(50)).toEqual([50, 0]);
    });

    test('to a socket that cannot have it: the error of the kernel', () => {
      const group = new SelectedGroup(1, 'random'); // the second never joined
      expect(thrown(() => group.apply(all(2)))).toMatchObject({ code: 'EINVAL', syscall: 'setsockopt' });
    });

    test('not in turn: classic BPF has no memory', () => {
      const refused = thrown(() => new SelectedGroup(2, 'round-robin'));
      expect(refused).toMatchObject({ code: 'ENOTSUP', syscall: 'setsockopt' });
    });

    test('again and again under load: no connection is lost', async () => {
      const group = new SelectedGroup(3, 'random');
      const [command, args] = clientsCommand(group.port, 3000);
      const clients = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const printed = text(clients.stdout);
      let isOver = false;
      const over = once(clients, 'exit').then(() => {
        isOver = true;
      });
      let served = 0;
      let applied = 0;
      while (!isOver) {
        for (let i = 0; i < 5; i++) group.apply(all(3, [applied++ % 3]));
        for (const socket of group.sockets) {
          for (let fd = socket.accept(); fd >= 0; fd = socket.accept()) {
            new net.Socket({ fd }).on('error', () => {}).end('served');
            served++;
          }
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      await over;
      expect(JSON.parse(await printed)).toEqual({ served: 3000 });
      expect(served).toBe(3000);
      expect(applied).toBeGreaterThan(1000);
    });
  });
}
