// The server every contestant runs. It says on stdout when it listens and when it is warm; every answer says
// which process gave it.
//   /         nothing but the answer        /burn?MS   MS of CPU time first
//   /block?MS the event loop stands still for MS, as in a synchronous call that waits
import http from 'node:http';

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

const server = http.createServer(({ url }, response) => {
  const [path, milliseconds] = url.split('?');
  if (path === '/burn') burn(Number(milliseconds));
  if (path === '/block') Atomics.wait(stillness, 0, 0, Number(milliseconds));
  response.end(String(process.pid));
  if (++answered === WARM_AFTER) console.log(`warm ${process.pid}`);
});
server.keepAliveTimeout = 600_000; // held connections stay
server.listen(Number(process.env.PORT), () => console.log(`ready ${process.pid}`));
