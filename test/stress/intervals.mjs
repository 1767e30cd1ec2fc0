/** How much of `from` to `to` the intervals, `{from, to}` each, cover; once where they overlap each other. */
export function overlap(intervals, from, to) {
  const parts = intervals.filter((one) => one.from < to && one.to > from).sort((a, b) => a.from - b.from);
  let sum = 0;
  let until = from;
  for (const part of parts) {
    const end = Math.min(part.to, to);
    sum += Math.max(0, end - Math.max(part.from, until));
    until = Math.max(until, end);
  }
  return sum;
}

/** The longest stretch of `start` to `end` in which nothing that began as early was taken: `{from, to}`.
 * `takes`: `{at, start}` each, in order of `at`. */
export function longestGap(takes, start, end) {
  let longest = { from: start, to: start };
  let last = start;
  const add = (at) => {
    if (at - last > longest.to - longest.from) longest = { from: last, to: at };
    last = at;
  };
  for (let i = firstAfter(takes, start); i < takes.length && takes[i].at < end; i++) {
    if (takes[i].start <= start) add(takes[i].at);
  }
  add(end);
  return longest;
}

function firstAfter(takes, time) {
  let low = 0;
  for (let high = takes.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (takes[middle].at <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A Map of lists, by the value of `key`. */
export function group(list, key) {
  const groups = new Map();
  for (const one of list) {
    const found = groups.get(one[key]);
    if (found === undefined) groups.set(one[key], [one]);
    else found.push(one);
  }
  return groups;
}
