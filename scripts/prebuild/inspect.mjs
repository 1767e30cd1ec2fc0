import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ENTRY_POINTS, FROM_NODE } from './targets.mjs';
import { ROOT, run } from './tools.mjs';

/** What a binary asks of the machine it runs on: `floor`, the newest version it needs of each library; and
 * `faults`, what a user would stumble over. */
export function inspect(file, target, folder) {
  const objdump = (...args) => run(`${target.binutils}objdump`, [...args, file]);
  const headers = objdump('-p');
  const isWindows = target.script !== undefined;
  const symbols = isWindows ? '' : objdump('-T');
  const floor = newest(symbols);
  const faults = [
    ...strangers(libraries(headers), target.libraries).map((name) => `needs ${name}`),
    ...Object.entries(floor)
      .filter(([library, version]) => isNewer(version, target.limits[library] ?? '0'))
      .map(([library, version]) => `needs ${library}_${version}, more than ${target.limits[library]}`),
    ...strangers(isWindows ? exportsOfDll(headers) : exportsOfElf(symbols), ENTRY_POINTS).map(
      (name) => `exports ${name}`,
    ),
    ...foreignPaths(file, folder),
  ];
  if (target.loader !== undefined) faults.push(...unresolved(symbols, target.loader));
  return { floor, faults };
}

const isAllowed = (name, allowed) =>
  allowed.some((one) => (one instanceof RegExp ? one.test(name) : one.toLowerCase() === name.toLowerCase()));

const strangers = (names, allowed) => names.filter((name) => !isAllowed(name, allowed));

function libraries(headers) {
  return [...headers.matchAll(/^\s*(?:NEEDED|DLL Name:)\s+(\S+)/gm)].map(([, name]) => name);
}

function exportsOfElf(symbols) {
  return symbols
    .split('\n')
    .filter((line) => /^[0-9a-f]{8,} [^l]/.test(line) && !line.includes('*UND*'))
    .map((line) => line.trim().split(/\s+/).at(-1));
}

function exportsOfDll(headers) {
  const table = headers.split('[Ordinal/Name Pointer] Table')[1]?.split('\n\n')[0] ?? '';
  return [...table.matchAll(/^\s*\[\s*\d+\].*?(\w+)$/gm)].map(([, name]) => name);
}

/** { GLIBC: '2.28', … } */
function newest(symbols) {
  const floor = {};
  for (const [, library, version] of symbols.matchAll(/\b(GLIBC|GLIBCXX|CXXABI|GCC)_([0-9.]+)/g)) {
    if (isNewer(version, floor[library] ?? '0')) floor[library] = version;
  }
  return floor;
}

/** Versions by their numbers. */
function isNewer(one, other) {
  return one.localeCompare(other, 'en', { numeric: true }) > 0;
}

/** Where it was built is nobody's business, and would make another binary of the same source elsewhere. */
function foreignPaths(file, folder) {
  const bytes = readFileSync(file, 'latin1');
  return [ROOT, folder]
    .filter((place) => bytes.includes(path.join(place, '/')))
    .map((place) => `names ${place}`);
}

/** A C library that lacks a function is found out when the addon is loaded, or when it is called. */
function unresolved(symbols, loader) {
  const offered = new Set(exportsOfElf(run('objdump', ['-T', loader])));
  return [...symbols.matchAll(/\*UND\*.*?(\w+)$/gm)]
    .map(([, name]) => name)
    .filter((name) => !FROM_NODE.test(name) && !offered.has(name))
    .map((name) => `leaves ${name} undefined`);
}
