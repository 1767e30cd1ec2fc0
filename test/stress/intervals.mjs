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

/** The longest stretch of `from` to `to` without any of the ascending `times` in it. */
export function longestGap(times, from, to) {
  let low = 0;
  for (let high = times.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (times[middle] <= from) low = middle + 1;
    else high = middle;
  }
  let longest = 0;
  let last = from;
  for (let i = low; i < times.length && times[i] < to; i++) {
    longest = Math.max(longest, times[i] - last);
    last = times[i];
  }
  return Math.max(longest, to - last);
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
