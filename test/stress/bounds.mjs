/** How long nobody may take what waits in the queue while one worker is sound, in ms.
 *
 * The gate's own promise is native/linux/watchdog.cc's: a look at the queue every 100 ms at the latest, then
 * 1 ms for each worker that is rung in vain (three of four here), or 2 ms where nobody is idle. The rest is
 * for the machine: the one sound worker has to be run, beside processes that start all the time. */
const QUIET_LOOK = 100;
const IN_VAIN = 3 * 1 + 2;
const SCHEDULING = 145;

/** Nobody promises when a worker that has a connection answers; this is for what is plainly not busy. */
const KEPT = 1000;

const BOUNDS = {
  // Accepts one at a time.
  'shared-handle/least-connections': { still: QUIET_LOOK + IN_VAIN + SCHEDULING, kept: KEPT, inHand: 1 },
  // Every worker that is awake hears of every connection.
  'shared-handle/none': { still: SCHEDULING + QUIET_LOOK, kept: KEPT, inHand: 1 },
  // A connection in the channel of a worker that blocks waits there. In hand: a message's worth of them.
  'hand-off/round-robin': { still: null, kept: KEPT, inHand: 16 },
  // Blind to a blocked worker by nature; the primary hands over the queues of the dead.
  'reuse-port/hash': { still: null, kept: KEPT, inHand: 16 },
};

export function boundsOf(strategy, policy) {
  return BOUNDS[`${strategy}/${policy}`] ?? { still: null, kept: KEPT, inHand: 1 };
}
