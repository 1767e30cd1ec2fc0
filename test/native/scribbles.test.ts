import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { DispatchPolicy } from '../../dist/binding.js';
import { connection, fleet, type Member } from '../helpers/members.ts';
import { addon } from '../helpers/native.ts';
import { eventually } from '../helpers/requests.ts';

// Any worker can write anything into the load table.

const { layout } = addon;
const POLICIES: DispatchPolicy[] = ['round-robin', 'least-connections', 'source-hash'];

describe.each([
  ['it has no descriptors left', { depth: 0 }],
  ['it does not answer', { called: 1, answered: 2 }],
  ['it is busy, and its stamp is old', { idle: 0, stamp: 1 }],
  ['it has not taken what it was sent', { taken: 0xffff_fff0 }],
  ['all of that', { depth: 0, called: 7, idle: 0, stamp: 0, taken: 0xffff_ffff }],
] as const)('a sleeping worker of which the table says: %s', (_name, lies) => {
  test.each(['round-robin', 'least-connections'] as const)('is woken, and served by: %s', async (policy) => {
    const { dispatcher, members, join } = fleet(1, policy);
    const [member] = members as [Member];
    join(member);
    member.sleep();
    for (const [field, value] of Object.entries(lies)) member.scribble(field as 'depth', value);
    dispatcher.offer(connection(), 0, 0);
    const taken = member.take();
    await eventually(() => {
      taken.push(...member.take());
      if (member.nudges === 0) return taken.length === 1;
      // What its loop does before it sleeps again.
      member.scribble('answered', 0);
      member.scribble('called', 0);
      member.turn();
      return taken.length === 1;
    });
    expect(member.nudges).toBeLessThan(5);
  });
});

test('a stopped worker is sent one empty burst, and not one every time', async () => {
  const { dispatcher, members, join } = fleet(1);
  const [member] = members as [Member];
  join(member);
  member.block();
  dispatcher.offer(connection(), 0, 0);
  await new Promise((resolve) => setTimeout(resolve, 500)); // there is no event for what does not happen
  member.take();
  expect(member.nudges).toBe(1);
});

test('a stopped worker that seems to have taken everything is sent one connection, not 278', () => {
  const { dispatcher, members, join } = fleet(1);
  const [member] = members as [Member];
  join(member);
  member.scribble('taken', 1_000_000);
  for (let i = 0; i < 50; i++) dispatcher.offer(connection(), 0, 0);
  expect(dispatcher.held()).toBe(49);
});

test.each(POLICIES)('random bytes again and again, %s: every connection gets somewhere', async (policy) => {
  const { table, dispatcher, members, join } = fleet(4, policy);
  for (const member of members) join(member);
  const bytes = new Uint8Array(table.buffer());
  let taken = 0;
  let offered = 0;
  for (let round = 0; round < 300; round++) {
    const noise = randomBytes(layout.slotSize * 6);
    bytes.set(noise, layout.headerSize);
    dispatcher.offer(connection(), 0, 0);
    offered++;
    if (round % 10 === 0) await new Promise(setImmediate);
    for (const member of members) taken += member.take().length;
  }
  await eventually(() => {
    for (const member of members) {
      member.scribble('called', 0);
      member.scribble('answered', 0);
      member.turn();
      taken += member.take().length;
    }
    return taken === offered && dispatcher.held() === 0;
  });
});
