// TLS handshakes by openssl's own load generator. Each client is a process, and makes one connection after another,
// with a request on each.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Resolves to how many handshakes were full and how many resumed a session, as the clients saw it.
 * @param {{clients: number, seconds: number, resume: boolean}} options seconds: of a clock that openssl reads in whole
 * seconds, so that it takes up to one more; resume: whether they ask for it, with the session of the last connection
 * @throws where any failed: a figure with failures in it means nothing */
export async function sTime(port, { clients, seconds, resume }) {
  const how = resume ? '-reuse' : '-new';
  const args = ['s_time', '-connect', `127.0.0.1:${port}`, how, '-time', String(seconds), '-www', '/'];
  const run = () => promisify(execFile)('openssl', args, { maxBuffer: 1e8 });
  const outputs = await Promise.all(Array.from({ length: clients }, run));
  const counts = outputs.map(({ stdout }) => countHandshakes(stdout));
  const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
  return { full: sum('full'), resumed: sum('resumed') };
}

/** It prints a letter for each connection: r where the session was resumed, else one for the version. Pure. */
export function countHandshakes(output) {
  const letters = /^[rt3*]+$/m.exec(output)?.[0];
  if (letters === undefined) throw new Error(`openssl s_time said something else: ${output.slice(0, 200)}`);
  const resumed = letters.replaceAll(/[^r]/g, '').length;
  return { full: letters.length - resumed, resumed };
}
