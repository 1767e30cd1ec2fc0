// npm run prebuild [-- targets…]: makes prebuilds/, looks at each binary, and tries it.
// npm run prebuild -- --check [targets…]: builds again, in another folder, and compares with prebuilds/.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { build } from './build.mjs';
import { inspect } from './inspect.mjs';
import { runner, smoke } from './smoke.mjs';
import { TARGETS } from './targets.mjs';
import { provide, ROOT } from './tools.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean' } },
});
const names = positionals.length === 0 ? Object.keys(TARGETS) : positionals;
const unknown = names.filter((name) => !(name in TARGETS));
if (unknown.length > 0) {
  console.error(`no such target: ${unknown.join(', ')}. There are ${Object.keys(TARGETS).join(', ')}.`);
  process.exit(2);
}

const sha256 = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
const shipped = (target) => path.join(ROOT, 'prebuilds', target.file);

/** One row of the table. */
async function make(name) {
  const target = TARGETS[name];
  provide(target.commands);
  const folder = mkdtempSync(path.join(os.tmpdir(), `evenkeel-${name}-`));
  try {
    const tree = path.join(folder, 'tree');
    mkdirSync(tree);
    const file = build(target, tree);
    if (values.check) return compare(name, file);
    const { floor, faults } = inspect(file, target, folder);
    if (faults.length > 0) throw new Error(faults.join('\n'));
    mkdirSync(path.dirname(shipped(target)), { recursive: true });
    cpSync(file, shipped(target));
    const how = runner(name, path.join(folder, 'emulated'));
    const seen = how.why === undefined ? await smoke(how) : `not run: ${how.why}`;
    const needs = Object.entries(floor).map(([library, version]) => `${library} ${version}`);
    return [name, statSync(file).size, needs.join('\n'), seen, sha256(file)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compare(name, file) {
  const [again, before] = [sha256(file), sha256(shipped(TARGETS[name]))];
  if (again !== before)
    throw new Error(`another build has another content: ${again}, in prebuilds/ ${before}`);
  return [name, statSync(file).size, '', 'the same when built again', again];
}

const table = new Table({
  head: ['target', 'bytes', 'needs', 'tried', 'sha256'],
  style: { head: [], border: [] },
});
let failed = 0;
for (const name of names) {
  const start = performance.now();
  try {
    table.push(await make(name));
    console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  } catch (error) {
    failed++;
    console.error(`${name}: ${error.message}`);
  }
}
console.log(table.toString());
if (failed > 0) console.error(`${failed} of ${names.length} failed`);
process.exitCode = failed > 0 ? 1 : 0;
