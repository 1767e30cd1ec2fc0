import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { NODE } from '../helpers/fleet.ts';
import { fuzz } from '../stress/control/run.mjs';

// A short run of `npm run test:stress:control`, which sends 100,000 messages.
test('thousands of messages that nobody should send: the fleet serves on, and is as it was', async () => {
  const seed = Number(process.env.EVENKEEL_TEST_SEED ?? randomInt(1, 2 ** 31));
  const { faults, sent, http } = await fuzz({ messages: 5000, seed, node: NODE });
  expect(faults, `seed ${seed}`).toEqual([]);
  expect(sent).toBeGreaterThan(5000);
  expect(http.ok).toBeGreaterThan(20);
}, 90_000);
