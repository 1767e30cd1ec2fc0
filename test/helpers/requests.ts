import { readFileSync } from 'node:fs';
import http from 'node:http';

/** One request on a connection of its own, from an address of this machine. */
export function get(port: number, path = '/', host = '127.0.0.1', localAddress?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host, localAddress, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve(body));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

/** The worker that answers the next connection. */
export async function nextWorker(
  port: number,
  localAddress?: string,
): Promise<{ pid: number; worker: number }> {
  return JSON.parse(await get(port, '/', '127.0.0.1', localAddress));
}

/** Resolves as soon as `test` says so; fails after `limit` ms. For what no event tells. */
export async function eventually(test: () => boolean | Promise<boolean>, limit = 10_000): Promise<void> {
  const end = performance.now() + limit;
  while (!(await test())) {
    if (performance.now() > end) throw new Error(`not within ${limit} ms: ${test}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether SIGSTOP has taken effect. */
export function isStopped(pid: number): boolean {
  return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
