import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { loadThreads } from './placement.mjs';
import { UsageError } from './usage-error.mjs';

/** Closed loop: `clients`, each with its next request as soon as the last is answered, on a new connection or, with
 * `keepAlive`, on the one it has. Returns how many were answered, and in how many seconds.
 * @param {number} seconds whole ones: wrk knows no others
 * @throws where any failed: a figure with failures in it means nothing */
export async function wrk(port, seconds, { clients, keepAlive = false, scheme = 'http' }) {
  const header = keepAlive ? [] : ['-H', 'Connection: close'];
  const threads = Math.min(loadThreads, clients);
  const args = [`-t${threads}`, `-c${clients}`, `-d${seconds}s`, ...header, `${scheme}://127.0.0.1:${port}/`];
  const { stdout } = await promisify(execFile)('wrk', args);
  const failures = /Socket errors.*|Non-2xx.*/.exec(stdout)?.[0];
  if (failures !== undefined) throw new Error(`wrk: ${failures}`);
  const [, count, value, unit] = /(\d+) requests in ([\d.]+)(ms|s|m)/.exec(stdout);
  return { count: Number(count), seconds: Number(value) * { ms: 0.001, s: 1, m: 60 }[unit] };
}

/** @throws UsageError where it is missing: nothing could be warmed */
export async function mustHaveWrk() {
  try {
    await promisify(execFile)('wrk', ['--version']);
  } catch (error) {
    if (error.code === 'ENOENT')
      throw new UsageError('wrk is missing, which makes the load: apt-get install wrk');
    // It is there: its --version exits with 1.
  }
}
