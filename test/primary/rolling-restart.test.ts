import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { RollingRestart } from '../../dist/primary/rolling-restart.js';
import type { Roster } from '../../dist/primary/roster.js';
import { Seat } from '../../dist/primary/seat.js';

test('no place for one more process: it fails, and does not wait for ever', async () => {
  const seats = [0, 1].map((index) => Object.assign(new Seat(index, 1), { state: 'ready' }));
  const roster = Object.assign(new EventEmitter(), { seats, staying: seats }) as unknown as Roster;
  const nothing = (): void => {};
  const restart = new RollingRestart(roster, seats, {
    maxSurge: 1,
    maxUnavailable: 0,
    listenTimeout: 1000,
    maxProcesses: 2,
    generation: 2,
    waitReady: false,
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  });
  await expect(restart.run()).rejects.toMatchObject({
    code: 'ERR_RELOAD_FAILED',
    message:
      '2 processes run, and there is no place for another; 0 of 2 workers were replaced, 2 old ones go on',
  });
});
