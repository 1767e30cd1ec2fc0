// Runs, in whichever node this is, the tests that run on Windows: what bundle.mjs made, and inside/.
// `run.mjs strategies-`: of the bundled ones those whose names begin so.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** By name: Node 20 knows no patterns, and Windows' shell does not resolve them. */
function tests(folder) {
  const names = readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.test.mjs'));
  return names.map((name) => path.join(folder, name));
}

const [prefix = ''] = process.argv.slice(2);
const files = tests('build-windows/tests').filter((file) => path.basename(file).startsWith(prefix));
if (process.platform === 'win32') files.push(...tests('test/windows/inside'));
else console.log('test/windows/inside is left out: this is not Windows');

const options = ['--enable-source-maps', '--test', '--test-reporter=spec', '--test-concurrency=2'];
const { status, error } = spawnSync(process.execPath, [...options, ...files], {
  cwd: root,
  stdio: 'inherit',
});
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
