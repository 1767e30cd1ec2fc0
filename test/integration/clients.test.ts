import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { testKeys } from '../helpers/keys.ts';

const run = promisify(execFile);

function has(command: string): boolean {
  try {
    execFileSync('which', [command]);
    return true;
  } catch {
    console.log(`skipped: what needs ${command}, which is not installed (apt-get install it)`);
    return false;
  }
}

const keys = testKeys();
const hasCurl = has('curl');
const hasWrk = has('wrk');
const hasH2load = has('h2load');
const hasOpenssl = has('openssl');

describe.each(STRATEGIES)('%s', (strategy) => {
  test.runIf(hasCurl)('curl over https, trusting the certificate', async () => {
    await using fleet = new Fleet([fixture('https-hello.mjs'), '-w', '2', '-s', strategy], keys);
    const url = `https://localhost:${await fleet.ready()}/`;
    const pids = new Set<string>();
    for (let i = 0; i < 12; i++) {
      const { stdout } = await run('curl', ['-sS', '--fail', '--cacert', keys.TEST_CERT, url]);
      expect(stdout).toMatch(/^hello from \d+$/);
      pids.add(stdout);
    }
    if (strategy === 'hand-off') expect(pids.size).toBe(2);
  });

  test.runIf(hasWrk)('wrk, keep-alive and not', async () => {
    await using fleet = new Fleet([fixture('http-hello.mjs'), '-w', '2', '-s', strategy]);
    const url = `http://127.0.0.1:${await fleet.ready()}/`;
    for (const header of ['Connection: keep-alive', 'Connection: close']) {
      const { stdout } = await run('wrk', ['-t1', '-c50', '-d1s', '-H', header, url]);
      expect(stdout).not.toMatch(/Socket errors|Non-2xx/);
      expect(Number(/(\d+) requests in/.exec(stdout)?.[1])).toBeGreaterThan(100);
    }
  });

  test.runIf(hasH2load)('h2load: HTTP/2 streams over TLS', async () => {
    await using fleet = new Fleet([fixture('h2-hello.mjs'), '-w', '2', '-s', strategy], keys);
    const url = `https://127.0.0.1:${await fleet.ready()}/`;
    const { stdout } = await run('h2load', ['-n2000', '-c20', '-m10', url]);
    expect(stdout).toMatch(/2000 succeeded, 0 failed, 0 errored, 0 timeout/);
  });

  test.runIf(hasH2load)('h2load while SIGTERM comes: GOAWAY, and no stream lost that was taken', async () => {
    await using fleet = new Fleet([fixture('h2-hello.mjs'), '-w', '2', '-s', strategy], keys);
    const port = await fleet.ready();
    const load = run('h2load', ['-D2', '-c10', '-m1', `https://127.0.0.1:${port}/`]);
    await fleet.printed(/^200 streams$/);
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
    const { stdout } = await load;
    expect(Number(/(\d+) succeeded/.exec(stdout)?.[1])).toBeGreaterThan(100);
    expect(stdout).toMatch(/ 0 timeout/);
  });

  test.runIf(hasOpenssl)('openssl s_client: sessions are resumed across workers, 5 of 5', async () => {
    await using fleet = new Fleet([fixture('https-hello.mjs'), '-w', '4', '-s', strategy], keys);
    const port = await fleet.ready();
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-reconnect', '-tls1_2', '-no_ign_eof'];
    const { stdout } = await run('sh', ['-c', `echo Q | openssl ${args.join(' ')} 2>/dev/null`]);
    expect(stdout.match(/^Reused, /gm)).toHaveLength(5);
  });
});
