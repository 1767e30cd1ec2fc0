import { describe, expect, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { eventually, get, nextWorker } from '../helpers/requests.ts';
import { slotsOf } from '../helpers/table.ts';

// hand-off: servers that close while connections are on their way to them.

async function open(workers: number, policy: string) {
  const fleet = new Fleet([
    fixture('closes-later.mjs'),
    ...['-w', String(workers), '-s', 'hand-off', '-p', policy],
  ]);
  await fleet.ready();
  const ports = JSON.parse((await fleet.printed(/^ports/)).slice('ports '.length)) as [number, number];
  return { fleet, ports };
}

const untaken = (fleet: Fleet) => slotsOf(fleet.process.pid as number).map((slot) => slot.untaken);

describe.each(['round-robin', 'least-connections', 'source-hash'])('%s', (policy) => {
  test('one of two workers closes: what was on its way to it goes to the other', async () => {
    const opened = await open(2, policy);
    await using fleet = opened.fleet;
    const [port] = opened.ports;
    const { pid: closer } = JSON.parse(await get(port, '/close?1000'));
    let other = closer;
    for (let i = 1; other === closer; i++) {
      other = JSON.parse(await get(port, '/block?800', '127.0.0.1', `127.0.1.${i}`)).pid;
    }
    await fleet.printed(new RegExp(`^blocks ${closer}$`));
    await fleet.printed(new RegExp(`^blocks ${other}$`));
    const answers = Array.from({ length: 24 }, (_, i) => nextWorker(port, `127.0.2.${i + 1}`));
    expect(new Set((await Promise.all(answers)).map(({ pid }) => pid))).toEqual(new Set([other]));
    await eventually(() => untaken(fleet).every((count) => count === 0));
  });

  test('the only one closes one of its servers: that is closed to its clients, and the other is as before', async () => {
    const opened = await open(1, policy);
    await using fleet = opened.fleet;
    const [port, otherPort] = opened.ports;
    await get(port, '/close?500');
    await fleet.printed(/^blocks/);
    const fates = Array.from({ length: 40 }, () =>
      nextWorker(port).then(
        () => 'served',
        () => 'closed',
      ),
    );
    expect(new Set(await Promise.all(fates))).toEqual(new Set(['closed']));
    for (let i = 0; i < 40; i++) await nextWorker(otherPort);
    expect(untaken(fleet)).toEqual([0]);
  });
});
