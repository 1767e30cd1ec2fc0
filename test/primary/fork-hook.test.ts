import cluster from 'node:cluster';
import { expect, test } from 'vitest';
import type { Balancer } from '../../dist/primary/balancer.js';
import { installForkHook } from '../../dist/primary/fork-hook.js';
import { childrenOf } from '../helpers/processes.ts';

test('no slot is left, and nobody is to be forked without one: nobody is', () => {
  const full = { prepare: () => undefined } as unknown as Balancer;
  const undo = installForkHook({
    balancer: () => full,
    onTooMany: () => {
      throw new Error('no slot is left');
    },
  });
  const before = childrenOf(process.pid);
  try {
    expect(() => cluster.fork()).toThrow('no slot is left');
  } finally {
    undo();
  }
  expect(childrenOf(process.pid)).toEqual(before);
  expect(Object.keys(cluster.workers ?? {})).toEqual([]);
});
