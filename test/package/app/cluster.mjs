// An application that uses node:cluster itself.
import cluster from 'node:cluster';

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
  cluster.once('listening', (_worker, { port }) => console.log(JSON.stringify({ port })));
  process.once('SIGTERM', () => cluster.disconnect(() => process.exit(0)));
} else {
  await import('./server.cjs');
}
