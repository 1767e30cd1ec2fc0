// An ordinary https server: it knows nothing of evenkeel. `npm start` runs it.
//
// The key beside it is public, so it protects nothing: use one of your own.
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import https from 'node:https';

const key = readFileSync(new URL('./example-key.pem', import.meta.url));
const cert = readFileSync(new URL('./example-cert.pem', import.meta.url));

https
  .createServer({ key, cert }, (_request, response) => {
    const who = cluster.isWorker ? `worker ${cluster.worker.id}` : 'the only process';
    response.end(`Hello from ${who} (pid ${process.pid})\n`);
  })
  .listen(Number(process.env.PORT ?? 8443));
