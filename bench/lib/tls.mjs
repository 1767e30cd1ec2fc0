import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

let keys;

/** A key (ECDSA, P-256) and a certificate it signs itself, made once, gone with this process: the environment by
 * which the app finds them. */
export function tlsKeys() {
  keys ??= make(mkdtempSync(path.join(os.tmpdir(), 'evenkeel-bench-keys-')));
  return keys;
}

function make(folder) {
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const [TLS_KEY, TLS_CERT] = ['key.pem', 'cert.pem'].map((file) => path.join(folder, file));
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  const files = ['-subj', '/CN=localhost', '-keyout', TLS_KEY, '-out', TLS_CERT];
  execFileSync('openssl', ['req', '-x509', ...kind, ...files], { stdio: 'ignore' });
  return { TLS_KEY, TLS_CERT };
}
