import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A self-signed certificate for localhost, made once by the openssl command: the environment by which
 * fixtures find it. */
export function testKeys(): { TEST_KEY: string; TEST_CERT: string } {
  const folder = path.join(os.tmpdir(), 'evenkeel-test-keys');
  const keys = { TEST_KEY: path.join(folder, 'key.pem'), TEST_CERT: path.join(folder, 'cert.pem') };
  if (existsSync(folder)) return keys;
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const files = ['-keyout', path.join(making, 'key.pem'), '-out', path.join(making, 'cert.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, ...files], { stdio: 'ignore' });
  try {
    renameSync(making, folder);
  } catch (error) {
    // Another test made it first.
    if (!existsSync(keys.TEST_CERT)) throw error;
  }
  return keys;
}
