import { group, longestGap, overlap } from './intervals.mjs';

/* What a trial's facts come to. Pure. All times in ms of one clock. */

/** A reset reaches its client as long after the kill as the machine takes to end a process, and to run the
 * client. */
const AFTERMATH = 500;

/** Judges every connection: `{fates, lost, inHand, waits, stills, unexplained, kept, violations}`.
 *
 * `waits`: ascending, of each connection the time in the queue: from connect() until a worker had taken it.
 * `stills`: ascending, of each wait the longest time in which no connection as old or older was taken: so long
 * the queue stood still, and no crowd explains it. `unexplained`: the longest of them, without what the machine did. `kept`: ascending, from there to the first byte of the answer, without what the worker was stopped or
 * blocked. `lost`: died with a worker that had them. `inHand`: of those the ones that worker's own code had
 * not seen yet.
 *
 * @param facts see trial.mjs
 * @param bounds `{still, kept, inHand}`: how long the queue may stand still, null for any time; the longest
 *   keep that is no violation; how many connections a worker may have in hand that was killed while it ran. */
export function judge(facts, bounds) {
  const verdict = {
    fates: {},
    lost: 0,
    inHand: 0,
    waits: [],
    stills: [],
    kept: [],
    unexplained: 0,
    violations: [],
  };
  const known = prepare(facts, bounds.inHand);
  const cases = facts.records.map((record) => ({ record, holders: takenBy(record, known) }));
  const takes = cases.flatMap(({ record, holders }) =>
    holders.map(({ at }) => ({ at, start: record.start })),
  );
  takes.sort((a, b) => a.at - b.at);
  for (const one of cases) judgeOne(one, { ...known, takes }, bounds, verdict);
  for (const times of [verdict.waits, verdict.stills, verdict.kept]) times.sort((a, b) => a - b);
  return verdict;
}

function prepare({ taken, own, blocks, primaryBlocks, stops, kills, late, starved }, inHand) {
  const killedAt = new Map(kills.map(({ pid, at }) => [pid, at]));
  const stalls = [...stops, ...blocks, ...primaryBlocks].map(({ pid, from, to }) => {
    return { pid, from, to: to ?? killedAt.get(pid) ?? Number.POSITIVE_INFINITY };
  });
  // A stopped worker's connections are those found in it: that many may be in hand, and no others.
  const seenAt = (pid, until) =>
    new Set(taken.filter((one) => one.pid === pid && one.at <= until).map(({ inode }) => inode));
  const hands = kills.map(({ pid, at, inside }) => {
    if (inside === undefined) return { at, left: inHand };
    const seen = seenAt(pid, at);
    return { at, left: inside.filter((inode) => !seen.has(inode) && !own[pid].includes(inode)).length };
  });
  return {
    byPort: group(taken, 'port'),
    stopsOf: group(stops, 'pid'),
    stallsOf: group(stalls, 'pid'),
    stalls,
    kills,
    killedAt,
    hands,
    late,
    starvedOf: group(starved, 'pid'),
  };
}

function judgeOne({ record, holders }, known, bounds, verdict) {
  const { fate, start, first, end } = record;
  const { late } = known;
  const [holder] = holders;
  const blame = (what, ms) =>
    verdict.violations.push({
      what,
      ms,
      late: overlap(late, start, end),
      holder,
      record,
      around: around(record, known),
    });

  verdict.fates[fate] = (verdict.fates[fate] ?? 0) + 1;
  if (holders.length > 1 || (fate === 'ok' && holder === undefined))
    blame(`taken ${holders.length} times`, 0);
  if (fate !== 'ok') {
    const how = howLost(record, holder, known);
    if (how === undefined) blame('lost after', end - start);
    else verdict[how]++;
  }
  if (holder === undefined) return;
  const wait = holder.at - start;
  verdict.waits.push(wait);
  const still = longestGap(known.takes, start, holder.at);
  verdict.stills.push(still.to - still.from);
  // Not counted while the machine was too busy to run the client, or the worker that took it in the end.
  const busy = [...late, ...(known.starvedOf.get(holder.pid) ?? [])];
  const unexplained = still.to - still.from - overlap(busy, still.from, still.to);
  verdict.unexplained = Math.max(verdict.unexplained, unexplained);
  if (bounds.still !== null && unexplained > bounds.still) blame('in the queue for', wait);
  if (fate !== 'ok') return;
  const stalls = known.stallsOf.get(holder.pid) ?? [];
  const kept = first - holder.at - overlap(stalls, holder.at, first);
  verdict.kept.push(kept);
  if (kept - overlap(late, holder.at, first) > bounds.kept) blame('kept by its worker for', kept);
}

/** The workers that took it, `{pid, at}` each. One stopped in between had it before it could say so. */
function takenBy({ port, start, end }, { byPort, stopsOf }) {
  const taken = (byPort.get(port) ?? []).filter(({ at }) => at >= start && at <= end);
  return taken.map(({ pid, at, inode }) => {
    const had = (stopsOf.get(pid) ?? []).filter(
      ({ from, inside }) => from >= start && inside.includes(inode),
    );
    return { pid, at: Math.min(at, ...had.map(({ from }) => from)) };
  });
}

/** 'lost' or 'inHand' where a kill explains it. */
function howLost({ fate, start, end }, holder, { killedAt, hands }) {
  if (fate !== 'reset' && fate !== 'empty') return undefined;
  if (holder !== undefined) return killedAt.get(holder.pid) <= end ? 'lost' : undefined;
  const hand = hands.find(({ at, left }) => left > 0 && start <= at && end >= at && end - at < AFTERMATH);
  if (hand === undefined) return undefined;
  hand.left--;
  return 'inHand';
}

/** What was the matter with the workers meanwhile. */
function around({ start, end }, { stalls, kills }) {
  return {
    stalled: stalls.filter(({ from, to }) => to > start && from < end),
    killed: kills.filter(({ at }) => at > start - 1000 && at < end),
  };
}
