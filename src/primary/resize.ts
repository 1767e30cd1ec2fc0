import type { Roster } from './roster.js';
import type { Seat } from './seat.js';

export interface ResizeOptions {
  /** Of those that come. */
  generation: number;
  /** Milliseconds. */
  listenTimeout: number;
  killTimeout: number;
  /** The fleet stops: there is nothing more to wait for. */
  isOver: () => boolean;
}

/** Has `workers` places from now on: the lowest ones that are free are filled, those with the highest numbers go.
 * Resolves when those that come are ready, or have had listenTimeout to be, and those that go have ended. Where no process
 * can be made for one, it comes later. */
export async function resize(roster: Roster, workers: number, options: ResizeOptions): Promise<void> {
  const staying = roster.staying.sort((a, b) => a.index - b.index);
  const leaving = staying.slice(workers);
  for (const seat of leaving) roster.retire(seat);
  const taken = new Set(staying.map(({ index }) => index));
  const coming: Seat[] = [];
  for (let index = 0; staying.length + coming.length < workers; index++) {
    if (!taken.has(index)) coming.push(roster.fill(index, options.generation));
  }
  const isDone = (): boolean =>
    options.isOver() ||
    (coming.every(({ state }) => state === 'ready') && leaving.every(({ isAlive }) => !isAlive));
  await changed(roster, isDone, leaving.length > 0 ? options.killTimeout : options.listenTimeout);
}

/** Until that is so, or `limit` ms have passed. */
async function changed(roster: Roster, isDone: () => boolean, limit: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      roster.off('worker', look);
      resolve();
    };
    const look = (): void => {
      if (isDone()) end();
    };
    const timer = setTimeout(end, limit);
    roster.on('worker', look);
    look();
  });
}
