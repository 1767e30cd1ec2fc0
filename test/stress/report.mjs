const DETAILS = 10;

/** A trial in figures. */
export function report({ facts, verdict, complaints }) {
  const { stops, kills, blocks, primaryBlocks, late, records } = facts;
  const { fates, lost, inHand, waits, stills, unexplained, kept, violations } = verdict;
  const worst = Math.max(0, ...late.map(({ from, to }) => to - from));
  const lines = [
    `did         ${stops.length} stops, ${kills.length} kills, ${blocks.length} blocks, ${primaryBlocks.length} of the primary`,
    `connections ${records.length}: ${list(fates)}`,
    `lost        ${lost} with the worker that had them, ${inHand} in the hand of one just killed`,
    `queue       ${spread(waits)}; ${[50, 100, 250, 1000].map((ms) => `> ${ms} ms: ${above(waits, ms)}`).join(', ')}`,
    `stood still ${spread(stills)} (of that, without anybody taking one as old); ${unexplained.toFixed(1)} without the machine's part`,
    `in a worker ${spread(kept)} (stops and blocks left out)`,
    `the machine kept the client waiting ${late.length} times above 10 ms, ${Math.round(worst)} ms at most`,
    ...complaints.slice(0, DETAILS).map((complaint) => `WRONG       ${complaint}`),
    ...violations.slice(0, DETAILS).map(describe),
  ];
  if (violations.length > DETAILS) lines.push(`VIOLATION   and ${violations.length - DETAILS} more`);
  return lines.join('\n');
}

function describe({ what, ms, late, holder, record, around }) {
  const time = (at) => `${(at - record.start).toFixed(1)}`;
  const has = ({ pid }) => (pid === holder?.pid ? `${pid} (which took it)` : pid);
  const lines = [
    `VIOLATION   ${what}${ms === undefined ? '' : ` ${ms.toFixed(1)} ms`}: ${record.fate} ${record.path} from port ${record.port}, ` +
      `taken by ${holder?.pid ?? 'nobody'} at ${holder ? time(holder.at) : '-'}, over at ${time(record.end)}; ` +
      `the machine was late ${late.toFixed(0)} ms of it`,
    ...around.stalled.map((one) => `              ${has(one)} stalled ${time(one.from)} to ${time(one.to)}`),
    ...around.killed.map((one) => `              ${has(one)} killed at ${time(one.at)}`),
  ];
  return lines.join('\n');
}

const list = (counts) =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

const above = (ascending, ms) => ascending.filter((one) => one > ms).length;

function spread(ascending) {
  const at = (share) => ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? 0;
  const named = { p50: 0.5, p99: 0.99, 'p99.9': 0.999, max: 1 };
  return Object.entries(named)
    .map(([name, share]) => `${name} ${at(share).toFixed(1)}`)
    .join(', ');
}
