// An application that uses node:cluster itself. Unchanged, with evenkeel's accept path:
//   node --import evenkeel/register cluster-app.js
import cluster from 'node:cluster';
import http from 'node:http';

if (cluster.isPrimary) {
  for (let i = 0; i < 4; i++) cluster.fork();
  cluster.on('exit', (worker) => {
    if (!worker.exitedAfterDisconnect) cluster.fork();
  });
} else {
  http
    .createServer((_request, response) => response.end(`Hello from worker ${cluster.worker.id}\n`))
    .listen(Number(process.env.PORT ?? 8080));
}
