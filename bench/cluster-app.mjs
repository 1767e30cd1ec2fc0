// app.mjs under node:cluster itself; a worker that dies is replaced. SIGUSR2 replaces all, one after another.
import cluster from 'node:cluster';
import { once } from 'node:events';

/** ms an old worker gets to end, as in the example of Node's documentation (worker.disconnect()): connections that
 * are kept alive would hold it for ever. */
const END_WITHIN = 2000;

/** The next one serves before the last is told to end. */
async function restart() {
  for (const old of Object.values(cluster.workers)) {
    await once(cluster.fork(), 'message'); // it listens
    old.send('shutdown');
    old.disconnect();
    const limit = setTimeout(() => old.process.kill(), END_WITHIN);
    old.once('exit', () => clearTimeout(limit));
  }
}

if (cluster.isPrimary) {
  for (let i = 0; i < Number(process.env.WORKERS); i++) cluster.fork();
  cluster.on('exit', ({ exitedAfterDisconnect }) => {
    if (!exitedAfterDisconnect) cluster.fork();
  });
  process.on('SIGUSR2', restart);
} else await import('./app.mjs');
