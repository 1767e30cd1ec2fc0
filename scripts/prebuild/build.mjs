import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { ZIG } from './targets.mjs';
import { git, ROOT, run, unpack } from './tools.mjs';

const PREBUILDIFY = createRequire(import.meta.url).resolve('prebuildify/bin.js');

/** Builds a target in a copy of the tree, so that build/, which the tests run, stays as it is. Returns the
 * stripped binary's name. */
export function build(target, folder) {
  copyTree(folder);
  if (target.script !== undefined) return buildWithScript(target, folder);
  return buildWithPrebuildify(target, folder);
}

/** prebuildify has node-gyp build it, and strips it. */
function buildWithPrebuildify({ arch, portable, file, env, zig, binutils }, folder) {
  const tools = zig === undefined ? env : zigTools(zig, folder);
  run(process.execPath, [PREBUILDIFY, '--napi', '--strip', '--tag-libc', `--arch=${arch}`], {
    cwd: folder,
    env: {
      ...process.env,
      ...tools,
      GYP_DEFINES: `portable=${portable}`,
      PREBUILD_LIBC: portable,
      PREBUILD_STRIP_BIN: `${binutils}strip`,
      JOBS: String(os.availableParallelism()),
    },
  });
  return path.join(folder, 'prebuilds', file);
}

/** An npm script makes it, stripped: strip would put the date into a DLL. */
function buildWithScript({ script, output }, folder) {
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  if (!(script in scripts)) throw new Error(`package.json has no script ${script}, which makes this binary`);
  run('npm', ['run', script], { cwd: folder });
  const made = path.join(folder, output);
  const found = readdirSync(made, { recursive: true }).filter(
    (name) => path.basename(name) === 'evenkeel.node',
  );
  if (found.length !== 1)
    throw new Error(`npm run ${script} left ${found.length} evenkeel.node in ${output}/`);
  return path.join(made, found[0]);
}

/** What git would commit, and the packages. node-addon-api is copied: gyp writes makefiles beside it. */
function copyTree(folder) {
  const files = git('ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate');
  for (const name of files.split('\0').filter((name) => name !== '')) {
    cpSync(path.join(ROOT, name), path.join(folder, name));
  }
  const packages = path.join(ROOT, 'node_modules');
  mkdirSync(path.join(folder, 'node_modules'));
  for (const name of readdirSync(packages)) {
    const copy = path.join(folder, 'node_modules', name);
    if (name === 'node-addon-api') cpSync(path.join(packages, name), copy, { recursive: true });
    else symlinkSync(path.join(packages, name), copy);
  }
}

/** make wants a command without arguments of its own. */
function zigTools(zigTarget, folder) {
  const zig = path.join(unpack(ZIG), 'zig');
  chmodSync(zig, 0o755);
  const wrap = (tool, args) => {
    const file = path.join(folder, `zig-${tool}`);
    writeFileSync(file, `#!/bin/sh\nexec "${zig}" ${args} "$@"\n`, { mode: 0o755 });
    return file;
  };
  return {
    CC: wrap('cc', `cc -target ${zigTarget}`),
    CXX: wrap('c++', `c++ -target ${zigTarget}`),
    AR: wrap('ar', 'ar'),
    ZIG_GLOBAL_CACHE_DIR: path.join(ROOT, '.tools/zig-cache'),
  };
}
