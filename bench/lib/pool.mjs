// Warmed servers. Warming one takes seconds, so that a run of many scenarios keeps them from one to the next;
// idle, they cost nothing that could be measured (docs/performance.md, "An idle fleet").
import { isDeepStrictEqual } from 'node:util';
import { isAlive } from './processes.mjs';
import { doing } from './progress.mjs';
import { Server } from './server.mjs';

let idle = []; // {server, recipe, pids}
let wanted = () => false;

/** A warmed server of this contestant: one that was kept, as long as no process of it has changed, else a new one. */
export async function lend(contestant, options) {
  const recipe = recipeOf(contestant, options);
  const kept = idle.find((one) => isDeepStrictEqual(one.recipe, recipe));
  if (kept !== undefined) {
    idle = idle.filter((one) => one !== kept);
    if (isAsItWas(kept)) return kept.server;
    await kept.server.stop();
  }
  doing(`starting and warming ${contestant.id}`);
  const server = await Server.start(contestant, options);
  try {
    await server.warmUp();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

function isAsItWas({ server, pids }) {
  return isAlive(server.process.pid) && isDeepStrictEqual(server.pids, pids);
}

/** Keeps it for the scenarios to come where one wants it, else stops it. */
export async function takeBack(server, contestant, options) {
  if (!wanted(contestant.id)) return server.stop();
  idle.push({ server, recipe: recipeOf(contestant, options), pids: server.pids });
}

/** Whose servers are worth keeping from now on; those of others stop.
 * @param {(id: string) => boolean} test */
export async function keepFor(test) {
  wanted = test;
  const over = idle.filter(({ server }) => !wanted(server.id));
  idle = idle.filter(({ server }) => wanted(server.id));
  await Promise.all(over.map(({ server }) => server.stop()));
}

/** Two servers are the same only if started in the same way: scenarios may give an id other arguments. */
function recipeOf({ id, args, env, before, node, command }, options) {
  return { id, args: args?.(options.workers), env, before, node, command, ours: options.node };
}
