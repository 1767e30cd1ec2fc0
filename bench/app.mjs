// The server every contestant runs. It says on stdout when it listens and when it is warm; every answer says
// which process gave it.
//   /         nothing but the answer        /burn?MS   MS of CPU time first
//   /block?MS the event loop stands still for MS, as in a synchronous call that waits
// It listens on PORT. For some contestants and scenarios the environment says more:
//   SOCKET             a Unix socket instead: a proxy is in front
//   REUSE_PORT         with Node's own `reusePort: true`
//   TLS_KEY, TLS_CERT  files: HTTPS
//   SAYS_READY         its parent is told on the IPC channel, too
//   GRACEFUL           a signal, or 'message' (for 'shutdown' on the IPC channel): what is open finishes, then it ends
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const { PORT, SOCKET, REUSE_PORT, TLS_KEY, TLS_CERT, SAYS_READY, GRACEFUL } = process.env;

/** Before a process has answered so many, the JIT compiler is most of what one measures. */
const WARM_AFTER = 8000;
const stillness = new Int32Array(new SharedArrayBuffer(4));
let answered = 0;

function burn(milliseconds) {
  const end = cpuTime() + milliseconds * 1000;
  while (cpuTime() < end);
}

/** CPU time and not the clock: a process that is kept off the CPU has its work still to do. */
function cpuTime() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function answer({ url }, response) {
  const [path, milliseconds] = url.split('?');
  if (path === '/burn') burn(Number(milliseconds));
  if (path === '/block') Atomics.wait(stillness, 0, 0, Number(milliseconds));
  response.end(String(process.pid));
  if (++answered === WARM_AFTER) console.log(`warm ${process.pid}`);
}

const server = TLS_KEY
  ? https.createServer({ key: readFileSync(TLS_KEY), cert: readFileSync(TLS_CERT) }, answer)
  : http.createServer(answer);
server.keepAliveTimeout = 600_000; // held connections stay

function onListening() {
  console.log(`ready ${process.pid}`);
  if (SAYS_READY) process.send('ready');
}
if (SOCKET) server.listen(SOCKET, onListening);
else if (REUSE_PORT) server.listen({ port: Number(PORT), reusePort: true }, onListening);
else server.listen(Number(PORT), onListening);

const end = () => server.close(() => process.exit());
if (GRACEFUL === 'message') process.on('message', (message) => message === 'shutdown' && end());
else if (GRACEFUL) process.once(GRACEFUL, end);
