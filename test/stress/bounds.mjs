/* What each pair promises:
 *
 * `still`: how long, in ms, nobody may take what waits while one worker is sound; null: no promise. The gate's
 * own is native/watchdog.cc's: a look at the queue every 100 ms at the latest, then 1 ms for each worker
 * that is rung in vain (three of four here), or 2 ms where nobody is idle. The rest is for the machine: the one
 * sound worker has to be run, beside processes that start all the time.
 * `kept`: nobody promises when a worker that has a connection answers; this is for what is plainly not busy.
 * `inHand`: how many connections a worker may have accepted that its own code has not seen yet.
 * `primaryToo`: it holds while the primary's loop does not turn, and is put to that test. */
const QUIET_LOOK = 100;
const IN_VAIN = 3 * 1 + 2;
const SCHEDULING = 145;

const STALL_THRESHOLD = 20;
const LOOK = 5;
/** One that was stopped in its sleep is given the threshold again. */
const REUSE_PORT = { still: 2 * STALL_THRESHOLD + LOOK + SCHEDULING, inHand: 16, primaryToo: true };

const HAND_OFF = { still: 10 + 2 + SCHEDULING, inHand: 16, primaryToo: true };

const BOUNDS = {
  // Accepts one at a time. The watchdog has a thread of its own.
  'shared-handle/least-connections': {
    still: QUIET_LOOK + IN_VAIN + SCHEDULING,
    inHand: 1,
    primaryToo: true,
  },
  // Every worker that is awake hears of every connection: all of it is for the machine.
  'shared-handle/none': { still: 250, inHand: 1, primaryToo: true },
  // What lies in the lane of a worker that blocks is taken back after 10 ms, as soon as another sleeps; it is
  // looked for every 2 ms. In hand: a burst.
  'hand-off/least-connections': HAND_OFF,
  'hand-off/round-robin': HAND_OFF,
  // A client waits for its worker by promise.
  'hand-off/source-hash': { still: null, inHand: 16, primaryToo: true },
  // What is in the queue of one that blocks or is dead, the primary's own thread gives to others.
  'reuse-port/least-connections': REUSE_PORT,
  'reuse-port/round-robin': REUSE_PORT,
  'reuse-port/random': REUSE_PORT,
  'reuse-port/hash': REUSE_PORT,
  'reuse-port/source-hash': { still: null, inHand: 16, primaryToo: true },
};

export function boundsOf(strategy, policy) {
  const bounds = BOUNDS[`${strategy}/${policy}`];
  if (bounds === undefined) throw new Error(`${strategy}/${policy} has no bounds: add them to bounds.mjs`);
  return { kept: 1000, ...bounds };
}
