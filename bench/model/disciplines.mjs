// Who serves which request. Each of these makes a discipline of a fleet (see fleet.mjs); what binds late is in
// late-binding.mjs.
import { Queues } from './queues.mjs';

/** M/G/k: one queue, and whoever is free takes the first. Nothing that cannot see how long a request will take
 * wastes less of the workers. */
export function centralQueue(fleet) {
  const queue = new Queues(1, fleet.requests);
  return {
    arrive(request) {
      const worker = fleet.anyIdle;
      if (worker < 0) queue.push(0, request);
      else fleet.serve(worker, request);
    },
    freed(worker) {
      if (queue.length(0) > 0) fleet.serve(worker, queue.shift(0));
    },
  };
}

/** Bound on arrival to any worker, whatever it has to do. */
export const randomChoice = bound((fleet) => ({ choose: () => randomOf(fleet.workers, fleet) }));

/** Bound on arrival, in turn. */
export const roundRobin = bound((fleet) => {
  let last = -1;
  return {
    choose() {
      last = (last + 1) % fleet.workers;
      return last;
    },
  };
});

/** Bound on arrival to whoever has the fewest, known `delay` ms after an end; who was sent one is known at once. */
export const leastConnections = ({ delay }) =>
  bound((fleet) => {
    const counts = new Int32Array(fleet.workers);
    const told = new Queues(1, fleet.requests); // numbers of the ends on their way
    const times = new Float64Array(fleet.requests);
    const workers = new Int32Array(fleet.requests);
    let ends = 0;
    return {
      choose() {
        while (told.length(0) > 0 && times[told.first(0)] <= fleet.now) counts[workers[told.shift(0)]]--;
        const worker = fewest(counts, randomOf(fleet.workers, fleet));
        counts[worker]++;
        return worker;
      },
      onEnd(worker) {
        times[ends] = fleet.now + delay;
        workers[ends] = worker;
        told.push(0, ends++);
      },
    };
  });

/** Bound on arrival to whoever has the fewest, without delay. */
export const shortestQueue = leastConnections({ delay: 0 });

/** Bound on arrival to the one of two random workers that has fewer. */
export const twoChoices = bound((fleet) => {
  const counts = new Int32Array(fleet.workers);
  return {
    choose() {
      const one = randomOf(fleet.workers, fleet);
      const other = fleet.workers === 1 ? one : anotherThan(one, fleet);
      const worker = counts[other] < counts[one] ? other : one;
      counts[worker]++;
      return worker;
    },
    onEnd: (worker) => counts[worker]--,
  };
});

/** A queue for each worker, chosen on arrival and for good.
 * @param {(fleet: object) => {choose(): number, onEnd?(worker: number): void}} chooserOf */
function bound(chooserOf) {
  return (fleet) => {
    const queues = new Queues(fleet.workers, fleet.requests);
    const chooser = chooserOf(fleet);
    return {
      arrive(request) {
        const worker = chooser.choose();
        if (fleet.isIdle(worker)) fleet.serve(worker, request);
        else queues.push(worker, request);
      },
      freed(worker) {
        chooser.onEnd?.(worker);
        if (queues.length(worker) > 0) fleet.serve(worker, queues.shift(worker));
      },
    };
  };
}

function randomOf(count, { random }) {
  return Math.floor(random() * count);
}

function anotherThan(one, fleet) {
  const other = randomOf(fleet.workers - 1, fleet);
  return other < one ? other : other + 1;
}

/** The index of the least count, looked for from `from` on: of equals not always the same. */
function fewest(counts, from) {
  let best = from;
  for (let i = 1; i < counts.length && counts[best] > 0; i++) {
    const worker = (from + i) % counts.length;
    if (counts[worker] < counts[best]) best = worker;
  }
  return best;
}
