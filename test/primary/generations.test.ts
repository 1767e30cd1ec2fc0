import { expect, test } from 'vitest';
import { Generations } from '../../dist/primary/generations.js';
import { listLog } from '../control/helpers.ts';

test('what a listener of reloadStart throws ends the reload before it has begun, and no other', async () => {
  const generations = new Generations(() => ({}), 1, listLog());
  const ended: unknown[] = [];
  generations.on('reloadEnd', ({ error }) => ended.push(error?.message));
  generations.once('reloadStart', () => {
    throw new Error('not today');
  });
  await expect(generations.renew(1, () => Promise.reject(new Error('was called')))).rejects.toThrow(
    'not today',
  );
  expect(generations).toMatchObject({
    isReloading: false,
    current: 1,
    lastReload: { generation: 2, ok: false, error: 'not today' },
  });
  await generations.renew(1, async () => {});
  expect(generations).toMatchObject({
    isReloading: false,
    current: 3, // no number is used twice
    lastReload: { generation: 3, ok: true },
  });
  expect(ended).toEqual(['not today', undefined]);
});

test('who comes after a failed reload is of the generation, and has the environment, of those that stay', async () => {
  let read = 0;
  const generations = new Generations(() => ({ READ: String(++read) }), 4, listLog());
  const failed = generations.renew(1, async () => {
    expect(generations).toMatchObject({ current: 5, next: 6, env: { READ: '2' } });
    throw new Error('crashed');
  });
  await expect(failed).rejects.toThrow('crashed');
  expect(generations).toMatchObject({ current: 4, next: 6, env: { READ: '1' } });
});
