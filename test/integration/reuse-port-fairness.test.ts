import { describe, expect, test } from 'vitest';
import { PRIVILEGES } from '../helpers/privileges.ts';
import { eventually } from '../helpers/requests.ts';
import { Held, sharing } from '../helpers/reuse-port.ts';
import { unevenness } from '../helpers/table.ts';

const WORKERS = 4;
const CONNECTIONS = 100;

const spread = (counts: number[]) => Math.max(...counts) - Math.min(...counts);

describe.each(PRIVILEGES)('$name', (privilege) => {
  const isExact = privilege.mechanism === 'ebpf';

  test('least connections: who has the fewest gets the next, and an heir what it lacks', async () => {
    await using fleet = sharing('tcp-pid.mjs', WORKERS, 'least-connections', privilege);
    const held = new Held(await fleet.ready());
    await held.add(CONNECTIONS);
    const before = held.counts();
    expect(before).toHaveLength(WORKERS);
    // What is chosen by chance is measured more strictly by the bench.
    if (isExact) expect(spread(before)).toBeLessThanOrEqual(1);
    else expect(unevenness(before)).toBeLessThanOrEqual(1.2);

    const known = held.pids();
    const [dead] = known as [number];
    process.kill(dead, 'SIGKILL');
    await fleet.logged(({ msg, pid }) => pid === dead && msg.includes('killed by SIGKILL'));
    await eventually(async () => !known.includes(await held.next()));
    await held.add(60);
    const after = held.counts();
    expect(after).toHaveLength(WORKERS);
    if (isExact) expect(spread(after)).toBeLessThanOrEqual(1);
    else expect(unevenness(after)).toBeLessThanOrEqual(1.2);
  });

  if (isExact)
    test('round robin: strictly in turn', async () => {
      await using fleet = sharing('tcp-pid.mjs', WORKERS, 'round-robin', privilege);
      const held = new Held(await fleet.ready());
      await held.add(CONNECTIONS);
      expect(held.counts()).toEqual(Array(WORKERS).fill(CONNECTIONS / WORKERS));
    });
});
