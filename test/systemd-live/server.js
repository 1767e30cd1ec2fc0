// Answers who served, /slow after a second. Holds back while there is a file `held` beside it, fails where there is
// one called `broken`.
import { existsSync, unwatchFile, watchFile } from 'node:fs';
import http from 'node:http';

const beside = (name) => new URL(name, import.meta.url).pathname;

if (existsSync(beside('broken'))) throw new Error('broken on purpose');

await new Promise((resolve) => {
  const held = beside('held');
  if (!existsSync(held)) return resolve();
  watchFile(held, { interval: 20 }, () => {
    if (existsSync(held)) return;
    unwatchFile(held);
    resolve();
  });
});

http
  .createServer((request, response) => {
    const answer = () => response.end(JSON.stringify({ pid: process.pid, primary: process.ppid }));
    if (request.url === '/slow') setTimeout(answer, 1000);
    else request.resume().on('end', answer);
  })
  .listen(Number(process.env.PORT ?? 8080));
