import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';

/** What was harmed: in words, empty where nothing was. `before` and `after` are of measure(), `http` of serveAll(). */
export function faultsOf({ before, after, http, log, isAlive }) {
  const faults = [];
  if (!isAlive) faults.push('the fleet has ended');
  if (http.failed > 0) faults.push(`${http.failed} of ${http.ok + http.failed} HTTP requests failed`);
  if (http.ok < 20) faults.push(`only ${http.ok} HTTP requests were answered`);
  if (after.descriptors > before.descriptors)
    faults.push(`${after.descriptors - before.descriptors} descriptors are left open`);
  if (after.rss > before.rss + 48e6)
    faults.push(`the primary has grown from ${before.rss} to ${after.rss} bytes`);
  const warnings = log.filter(({ level }) => level > 30);
  if (warnings.length > 0) faults.push(`${warnings.length} warnings: ${warnings[0].msg}`);
  const told = log.filter(({ msg }) => /^control socket: (reload|stop|scale to \d\d?\d?$)/.test(msg));
  if (told.length > 0) faults.push(`garbage was obeyed: ${told[0].msg}`);
  return faults;
}

/** One request after another, on new connections; counts what becomes of them. */
export function serveAll(port) {
  const tally = { ok: 0, failed: 0 };
  let isStopped = false;
  const done = (async () => {
    while (!isStopped) {
      tally[await ask(port)]++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await done;
      return tally;
    },
  };
}

function ask(port) {
  return new Promise((resolve) => {
    const request = http.get({ port, host: '127.0.0.1', agent: false, timeout: 10_000 }, (response) => {
      response.resume();
      response.on('end', () => resolve('ok')).on('error', () => resolve('failed'));
    });
    request.on('timeout', () => request.destroy()).on('error', () => resolve('failed'));
  });
}

/** A good client is answered, and this is what the primary has when it has had time to close what was left open.
 * @param atMost so many descriptors, if that is ever to be */
export async function measure(pid, where, atMost = 0) {
  const deadline = performance.now() + 40_000; // a silent one is cut after 30 s
  for (;;) {
    const status = await goodClient(where);
    if (status?.workers?.every(({ state }) => state === 'ready')) break;
    if (performance.now() > deadline) throw new Error('a good client is not answered');
  }
  const end = performance.now() + 2000;
  while (descriptors(pid) > atMost && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1] * 1024;
  return { rss, descriptors: descriptors(pid) };
}

function descriptors(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function goodClient(where) {
  return new Promise((resolve) => {
    const socket = net.connect(where, () => socket.write('{"v":1,"id":1,"command":"status"}\n'));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (!text.endsWith('\n')) return;
      socket.destroy();
      resolve(JSON.parse(text).result);
    });
    socket.on('error', () => {}).on('close', () => resolve(undefined)); // no place free at this moment
  });
}
