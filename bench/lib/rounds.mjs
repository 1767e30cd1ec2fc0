import { watchOthers } from './elsewhere.mjs';
import { Server } from './server.mjs';

/** Runs all contestants at once, warmed, and measures them in turn, again in each round: what changes on the
 * machine meanwhile hits all of them. Each round begins with another. Resolves to what `measure` returned,
 * by contestant, in the order of the rounds, each with `othersCpus`. */
export async function interleaved(contestants, options, measure) {
  const servers = [];
  try {
    for (const contestant of contestants) {
      progress(`starting and warming ${contestant.id}`);
      const server = await Server.start(contestant, options);
      servers.push(server);
      await server.warmUp();
    }
    const figures = Object.fromEntries(servers.map(({ id }) => [id, []]));
    for (let round = 0; round < options.rounds; round++) {
      for (let turn = 0; turn < servers.length; turn++) {
        const server = servers[(turn + round) % servers.length];
        progress(`round ${round + 1} of ${options.rounds}: ${server.id}`);
        figures[server.id].push(await watched(() => measure(server, round)));
      }
    }
    return figures;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** As interleaved(), but with a contestant freshly started for each measurement: for what leaves traces. */
export async function fresh(contestants, options, measure) {
  const figures = Object.fromEntries(contestants.map(({ id }) => [id, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(turn + round) % contestants.length];
      progress(`round ${round + 1} of ${options.rounds}: ${contestant.id}`);
      const server = await Server.start(contestant, options);
      try {
        figures[contestant.id].push(await watched(() => measure(server, round)));
      } finally {
        await server.stop();
      }
    }
  }
  return figures;
}

/** With `othersCpus`: see watchOthers(). */
async function watched(measure) {
  const end = watchOthers();
  const figures = await measure();
  return { ...figures, othersCpus: end() };
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
