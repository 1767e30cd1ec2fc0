// What theory knows exactly: the simulation is checked against it. Rates are arrivals a ms, times ms.

/** Erlang's C: how likely an arrival has to wait for one of `servers`, `load` of them at work on average.
 * By the recursion for Erlang's B, which does not overflow as factorials would. */
export function erlangC(servers, load) {
  let blocked = 1;
  for (let n = 1; n <= servers; n++) blocked = (load * blocked) / (n + load * blocked);
  return blocked / (1 - (load / servers) * (1 - blocked));
}

/** Mean wait in M/M/k, one queue. */
export function meanWaitMMk({ rate, mean, servers }) {
  const load = rate * mean;
  return (erlangC(servers, load) * mean) / (servers - load);
}

/** Mean wait in M/G/1, by Pollaczek and Khinchine. */
export function meanWaitMG1({ rate, service }) {
  return (rate * service.secondMoment) / (2 * (1 - rate * service.mean));
}

/** Mean wait where every `stages`-th arrival of a Poisson process comes to a server of its own, its work exponential
 * (Kleinrock, Queueing Systems I, 6.4): what round robin makes of M/M. */
export function meanWaitEkM1({ rate, mean, stages }) {
  let waits = 0; // how likely one has to wait: the root below 1, found from below
  for (let i = 0; i < 10_000; i++) waits = (rate / (rate + (1 - waits) / mean)) ** stages;
  return (mean * waits) / (1 - waits);
}
