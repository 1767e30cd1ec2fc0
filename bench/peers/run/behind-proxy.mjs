// A reverse proxy and the processes behind it: behind-proxy.mjs haproxy|nginx POLICY. They listen on Unix sockets,
// which cost the proxy less than TCP. One that dies is replaced; SIGUSR2 replaces all, one after another.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { APP } from '../files.mjs';

const END_WITHIN = 2000; // ms, as in cluster-app.mjs
const [name, policy] = process.argv.slice(2);
const { BENCH_FOLDER: folder, PORT, WORKERS, TLS_KEY, TLS_CERT, ...rest } = process.env;
const { command, configuration } = await import(`../${name}.mjs`);
const sockets = Array.from({ length: Number(WORKERS) }, (_, i) => path.join(folder, `${i}.sock`));
const workers = [];
let held = []; // lines: nobody is ready before the proxy is

/** Resolves when it listens. */
async function start(i) {
  rmSync(sockets[i], { force: true }); // of one that was killed
  const env = { ...rest, SOCKET: sockets[i], SAYS_READY: '1', GRACEFUL: 'SIGTERM' };
  const worker = spawn(process.execPath, [APP], { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  workers[i] = worker;
  createInterface({ input: worker.stdout }).on('line', (line) => {
    if (held === undefined) console.log(line);
    else held.push(line);
  });
  worker.once('exit', () => start(i));
  await once(worker, 'message');
}

/** Resolves when it accepts connections. */
async function startProxy() {
  const file = path.join(folder, `${name}.conf`);
  const pem = TLS_KEY && path.join(folder, 'both.pem');
  if (pem)
    writeFileSync(pem, readFileSync(TLS_CERT, 'utf8') + readFileSync(TLS_KEY, 'utf8'), { mode: 0o600 });
  const user = process.getuid() === 0 ? os.userInfo().username : undefined;
  const cpus = os.availableParallelism(); // of those this process may use, unlike os.cpus()
  writeFileSync(file, configuration({ port: Number(PORT), policy, sockets, folder, pem, user, cpus }));
  const [program, ...args] = command(file, folder);
  const proxy = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  proxy.once('error', fail);
  proxy.once('exit', (code, signal) => fail(new Error(`${name} ended: ${signal ?? code}`)));
  while (!(await answers())) await sleep(5);
}

function answers() {
  const socket = net.connect(Number(PORT), '127.0.0.1');
  return once(socket, 'connect').then(
    () => socket.destroy(),
    () => undefined,
  );
}

function fail(error) {
  console.error(error.message);
  process.exit(1);
}

async function restart() {
  for (const i of sockets.keys()) {
    const old = workers[i];
    old.kill();
    const limit = setTimeout(() => old.kill('SIGKILL'), END_WITHIN);
    await once(old, 'exit'); // start() comes first: its listener is older
    clearTimeout(limit);
    await once(workers[i], 'message');
  }
}

process.on('SIGUSR2', restart);
await Promise.all(sockets.map((_, i) => start(i)));
await startProxy();
for (const line of held) console.log(line);
held = undefined;
