// Ways to replace every worker of a server that goes on serving. Each resolves when the last of the old is gone
// and all of the new listen.
import { eventually } from './eventually.mjs';
import { isAlive } from './processes.mjs';

/** A worker that gets SIGTERM ends without losing a request, and evenkeel starts the next. */
export async function restartInTurn(server) {
  for (const pid of server.workers) {
    process.kill(pid, 'SIGTERM');
    await eventually(`worker ${pid} has ended`, () => !isAlive(pid));
    await server.allReady();
  }
}

/** SIGUSR2 to what was started: it sees to the rest. */
export async function restartBySignal(server) {
  const old = server.workers;
  process.kill(server.process.pid, 'SIGUSR2');
  await eventually('the old workers have ended', () => !old.some(isAlive), 30_000 + 2000 * old.length);
  await server.allReady();
}
