import { watchOthers } from './elsewhere.mjs';
import { lend, takeBack } from './pool.mjs';
import { doing, progress } from './progress.mjs';
import { Server } from './server.mjs';

/** Runs all contestants at once, warmed, and measures them in turn, again in each round: what changes on the
 * machine meanwhile hits all of them. Each round begins with another. Resolves to what `measure` returned,
 * by contestant, in the order of the rounds, each with `othersCpus`. */
export async function interleaved(contestants, options, measure) {
  const lent = new Map();
  try {
    for (const contestant of contestants) lent.set(contestant, await lend(contestant, options));
    const figures = await inTurn(contestants, options, (contestant, round) =>
      watched(() => measure(lent.get(contestant), round)),
    );
    for (const [contestant, server] of lent) {
      lent.delete(contestant);
      await takeBack(server, contestant, options);
    }
    return figures;
  } finally {
    // After a failure nobody knows what state they are in.
    await Promise.all([...lent.values()].map((server) => server.stop()));
  }
}

/** As interleaved(), but with a contestant freshly started for each measurement: for what leaves traces. */
export async function fresh(contestants, options, measure) {
  return inTurn(contestants, options, async (contestant, round) => {
    let server;
    try {
      // A measurement may be over in no time, and a start is measured, too. The end is not watched: processes that are
      // killed before their primary has waited for them are not seen to be ours any more.
      return await watched(async () => {
        server = await Server.start(contestant, options);
        return measure(server, round);
      });
    } finally {
      await server?.stop();
    }
  });
}

async function inTurn(contestants, { rounds }, measure) {
  const ids = contestants.map(({ id }) => id);
  const results = Object.fromEntries(ids.map((id) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(turn + round) % contestants.length];
      doing(`round ${round + 1} of ${rounds}: ${contestant.id}`);
      const figures = await measure(contestant, round);
      results[contestant.id].push(figures);
      progress.emit('measured', { id: contestant.id, round, figures });
    }
  }
  return results;
}

/** With `othersCpus`: see watchOthers(). */
async function watched(measure) {
  const end = watchOthers();
  const figures = await measure();
  return { ...figures, othersCpus: end() };
}
