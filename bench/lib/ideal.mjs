/** The balancer that wastes nothing: one queue, first come first served; whoever of `workers` is free takes the
 * first, at no cost. Those at work share `cores` evenly. Pure.
 * @param {{at: number, work: number}[]} arrivals in order; both in ms
 * @returns {number[]} how long each took, in ms, waiting included */
export function ideal(arrivals, { workers, cores }) {
  const took = new Array(arrivals.length);
  const waiting = []; // indexes
  let running = []; // {index, left}: how much work is left
  let now = 0;
  let next = 0;
  while (next < arrivals.length || running.length > 0) {
    const speed = Math.min(1, cores / running.length); // of one worker, in ms of work a ms
    const least = Math.min(...running.map(({ left }) => left));
    const nextEnd = now + least / speed; // Infinity while nobody works
    const nextArrival = arrivals[next]?.at ?? Number.POSITIVE_INFINITY;
    const then = Math.min(nextEnd, nextArrival);
    for (const one of running) one.left -= (then - now) * speed;
    now = then;
    if (nextEnd <= nextArrival) {
      // By the smallest rest and not by "nothing left": the sums above round.
      const { index } = running.reduce((a, b) => (b.left < a.left ? b : a));
      took[index] = now - arrivals[index].at;
      running = running.filter((one) => one.index !== index);
    } else waiting.push(next++);
    while (running.length < workers && waiting.length > 0) {
      const index = waiting.shift();
      running.push({ index, left: arrivals[index].work });
    }
  }
  return took;
}
