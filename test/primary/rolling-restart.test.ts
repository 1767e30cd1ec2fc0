import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { random } from '../../bench/lib/random.mjs';
import { RollingRestart } from '../../dist/primary/rolling-restart.js';
import type { Roster } from '../../dist/primary/roster.js';
import { Seat } from '../../dist/primary/seat.js';

/** Places without processes; what becomes of each is the test's to say. */
class Places extends EventEmitter {
  seats: Seat[] = [];
  refuses = false;

  constructor(count: number) {
    super();
    for (let index = 0; index < count; index++) this.#put(index, 1, 'ready');
  }

  get staying(): Seat[] {
    return this.seats.filter(({ isLeaving }) => !isLeaving);
  }

  get ready(): number {
    return this.staying.filter(({ state }) => state === 'ready').length;
  }

  add(index: number, generation: number, replaces?: Seat): Seat {
    if (this.refuses) throw new Error('spawn EAGAIN');
    const seat = this.#put(index, generation, 'starting');
    seat.replaces = replaces;
    return seat;
  }

  fill(index: number, generation: number): Seat {
    return this.#put(index, generation, 'starting');
  }

  retire(seat: Seat): void {
    seat.isLeaving = true;
    if (seat.isAlive) return this.become(seat, 'draining');
    this.#remove(seat);
    this.become(seat, 'dead');
  }

  discard(seat: Seat): void {
    seat.isLeaving = true;
  }

  become(seat: Seat, state: Seat['state']): void {
    seat.state = state;
    if (state === 'ready') seat.replaces = undefined;
    if (state === 'dead') this.#remove(seat);
    this.emit('worker', seat);
  }

  /** One that was ready crashes, and comes again later. */
  crash(seat: Seat, uptime = 0): void {
    seat.startedAt = Date.now() - uptime;
    seat.state = 'dead';
    this.emit('worker', seat);
    this.emit('failed', seat, 'exit code 7');
    seat.state = 'waiting';
    this.emit('worker', seat);
  }

  /** A candidate's process ends. */
  fail(seat: Seat): void {
    this.become(seat, 'dead');
    this.emit('unfit', seat, 'exit code 1');
  }

  of(state: Seat['state']): Seat[] {
    return this.seats.filter((seat) => seat.state === state);
  }

  #put(index: number, generation: number, state: Seat['state']): Seat {
    const seat = new Seat(index, generation);
    seat.state = state;
    this.seats.push(seat);
    return seat;
  }

  #remove(seat: Seat): void {
    this.seats = this.seats.filter((one) => one !== seat);
  }
}

const OPTIONS = {
  maxSurge: 1,
  maxUnavailable: 0,
  listenTimeout: 60_000,
  maxProcesses: 256,
  generation: 2,
  waitReady: false,
  minUptime: 1000,
};

function roll(
  places: Places,
  options: Partial<typeof OPTIONS> = {},
): { end: Promise<void>; roll: RollingRestart } {
  const rolling = new RollingRestart(places as unknown as Roster, places.staying, { ...OPTIONS, ...options });
  const end = rolling.run();
  end.catch(() => {}); // looked at later
  return { end, roll: rolling };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('whatever happens when', () => {
  test.each([
    [1, 1, 0],
    [4, 1, 0],
    [4, 4, 0],
    [4, 0, 1],
    [4, 0, 3],
    [5, 2, 2],
  ])(
    '%i workers, %i more, %i fewer: the bounds are kept, and all are replaced',
    async (count, maxSurge, maxUnavailable) => {
      for (let seed = 1; seed <= 50; seed++) {
        const pick = random(seed);
        const places = new Places(count);
        const { end } = roll(places, { maxSurge, maxUnavailable });
        let isOver = false;
        end.then(() => {
          isOver = true;
        });
        for (let step = 0; !isOver; step++) {
          expect(step, `seed ${seed}`).toBeLessThan(1000);
          expect(places.staying.length, `seed ${seed}`).toBeLessThanOrEqual(count + maxSurge);
          expect(places.ready, `seed ${seed}`).toBeGreaterThanOrEqual(count - maxUnavailable);
          const moving = [...places.of('starting'), ...places.of('draining')];
          const seat = moving[Math.floor(pick() * moving.length)];
          if (seat !== undefined) places.become(seat, seat.state === 'starting' ? 'ready' : 'dead');
          await turn();
        }
        await end;
        expect(places.seats.map(({ generation }) => generation)).toEqual(Array(count).fill(2));
      }
    },
  );
});

test('it ends when the old ones have ended, not when the new ones are ready', async () => {
  const places = new Places(1);
  const { end } = roll(places);
  let isOver = false;
  end.then(() => {
    isOver = true;
  });
  places.become(places.of('starting')[0] as Seat, 'ready');
  await turn();
  expect(isOver).toBe(false);
  places.become(places.of('draining')[0] as Seat, 'dead');
  await end;
});

test('a new one that ends before it is ready: nobody else is replaced, and nobody was drained for it', async () => {
  const places = new Places(3);
  const { end } = roll(places);
  places.become(places.of('starting')[0] as Seat, 'ready');
  await turn();
  places.fail(places.of('starting')[0] as Seat);
  await expect(end).rejects.toMatchObject({
    code: 'ERR_RELOAD_FAILED',
    message: expect.stringMatching(/exit code 1; 1 of 3 workers were replaced, 2 old ones go on$/),
  });
  expect(places.ready).toBe(3);
});

test('drained for one that fails: the place is filled again', async () => {
  const places = new Places(2);
  const { end } = roll(places, { maxSurge: 0, maxUnavailable: 1 });
  await turn();
  places.fail(places.of('starting')[0] as Seat);
  await expect(end).rejects.toThrow(/0 of 2 workers were replaced, 1 old ones go on$/);
  expect(places.staying.map(({ state }) => state).sort()).toEqual(['ready', 'starting']);
});

test('ready, and dead soon after: nobody else is replaced by such a one', async () => {
  const places = new Places(3);
  const { end } = roll(places);
  const [first] = places.of('starting') as [Seat];
  places.become(first, 'ready');
  await turn();
  places.crash(first);
  await expect(end).rejects.toMatchObject({
    code: 'ERR_RELOAD_FAILED',
    message: expect.stringMatching(
      /of the new generation ended soon after it was ready: exit code 7; 1 of 3 workers were replaced, 2 old ones go on$/,
    ),
  });
  expect(places.ready).toBe(2);
});

test('one that has lived for minUptime may die, and so may an old one: it goes on', async () => {
  const places = new Places(3);
  const { end } = roll(places);
  const [first] = places.of('starting') as [Seat];
  places.become(first, 'ready');
  await turn();
  places.crash(first, 1000);
  places.crash(places.seats.find(({ generation }) => generation === 1) as Seat);
  for (let step = 0; step < 20; step++) {
    for (const seat of [...places.of('starting'), ...places.of('waiting').filter((one) => one === first)])
      places.become(seat, 'ready');
    for (const seat of places.of('draining')) places.become(seat, 'dead');
    await turn();
  }
  await end;
  expect(places.ready).toBe(3);
});

test('one that failed has its successor in the place already: it is filled no second time', async () => {
  const places = new Places(3);
  const { end } = roll(places, { maxSurge: 0, maxUnavailable: 2 });
  await turn();
  const [first, second] = places.of('starting') as [Seat, Seat];
  places.become(first, 'ready');
  places.crash(first, 1000); // it is not ready in this moment, and comes again
  places.fail(second);
  await expect(end).rejects.toThrow(/1 of 3 workers were replaced/);
  expect(places.staying).toHaveLength(3);
});

test('the time is over: whoever waits to be ready is sent away', async () => {
  const places = new Places(2);
  const { end } = roll(places, { listenTimeout: 10, maxSurge: 2 });
  await expect(end).rejects.toThrow(/did not listen within 10 ms/);
  expect(places.staying).toHaveLength(2);
});

test('no process can be made: said, and the old ones go on', async () => {
  const places = new Places(2);
  places.refuses = true;
  await expect(roll(places).end).rejects.toThrow(/cannot fork a worker: spawn EAGAIN; 0 of 2/);
  expect(places.ready).toBe(2);
});

test('who is dead or waits to be tried again is replaced too', async () => {
  const places = new Places(2);
  places.become(places.seats[1] as Seat, 'waiting');
  const { end } = roll(places, { maxSurge: 2 });
  for (const seat of places.of('starting')) places.become(seat, 'ready');
  await turn();
  for (const seat of places.of('draining')) places.become(seat, 'dead');
  await end;
  expect(places.ready).toBe(2);
});

test('cancelled: it leaves everything as it is', async () => {
  const places = new Places(2);
  const { end, roll: rolling } = roll(places);
  rolling.cancel();
  await expect(end).rejects.toMatchObject({ code: 'ERR_STOPPED' });
  expect(places.seats).toHaveLength(3);
});

test('no more processes than there are slots: it waits for one to end', async () => {
  const places = new Places(2);
  const { end } = roll(places, { maxProcesses: 3 });
  places.become(places.of('starting')[0] as Seat, 'ready');
  await turn();
  expect(places.of('starting')).toHaveLength(0); // two serve, one drains
  places.become(places.of('draining')[0] as Seat, 'dead');
  await turn();
  places.become(places.of('starting')[0] as Seat, 'ready');
  await turn();
  places.become(places.of('draining')[0] as Seat, 'dead');
  await end;
});

test('no place for one more process, and nobody ends: it fails, and does not wait for ever', async () => {
  const places = new Places(2);
  await expect(roll(places, { maxProcesses: 2 }).end).rejects.toMatchObject({
    code: 'ERR_RELOAD_FAILED',
    message:
      '2 processes run, and there is no place for another; 0 of 2 workers were replaced, 2 old ones go on',
  });
});
