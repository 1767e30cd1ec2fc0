import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Group } from '../../dist/binding.js';
import { fleet } from '../helpers/members.ts';
import { addon, closing, listen } from '../helpers/native.ts';

const THRESHOLD = 20;

describe.each([null, 'hash', 'random', 'least-connections'] as const)('program %s', (policy) => {
  const quiet = async (isLent: boolean) => {
    const { table, dispatcher, members } = fleet(2, 'least-connections');
    const socket = listen();
    socket.allowReusePort();
    const selector = policy && new addon.Selector(table, policy, 'cbpf', 1);
    const fail = (error: unknown) => {
      throw error;
    };
    const one: Group = closing(new addon.Group(table, dispatcher, selector, THRESHOLD, fail, fail));
    for (const member of members) {
      const index = one.join(member === members[0] ? socket : closing(socket.member()));
      one.lend(index, member.lane);
      if (!isLent) one.reclaim(index);
    }
    await setTimeout(200);
    const before = wakeUps();
    await setTimeout(1000);
    const most = Math.max(...[...wakeUps()].map(([thread, count]) => count - (before.get(thread) ?? 0)));
    expect(most).toBeLessThan(50); // every 5 ms would be 200
  };

  test('no look while nothing comes', () => quiet(true));

  test('nor while there is no worker', () => quiet(false));
});

/** How often each thread of this process but the first has slept; see proc_pid_status(5). */
function wakeUps(): Map<string, number> {
  const threads = readdirSync('/proc/self/task').filter((thread) => Number(thread) !== process.pid);
  return new Map(
    threads.map((thread) => {
      const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8');
      return [thread, Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])];
    }),
  );
}
