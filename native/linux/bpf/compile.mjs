// Compiles selectors.bpf.c into selectors.h. With --check it only compares: where no clang of the header's
// version is installed it says so, and leaves it at that.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { programs } from './object.mjs';

const SOURCE = fileURLToPath(new URL('selectors.bpf.c', import.meta.url));
const HEADER = fileURLToPath(new URL('selectors.h', import.meta.url));
// Another version compiles something else, which the verifier may not follow.
const CLANG = 14;
const FLAGS = '-target bpfel -O2 -mcpu=v3 -Wall -Wextra -Werror';

/** The command of a clang of that version, if there is one. */
function findClang() {
  return [`clang-${CLANG}`, 'clang'].find((command) => {
    const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
    return stdout?.includes(`clang version ${CLANG}.`);
  });
}

/** Debian keeps <asm/types.h> where a compiler for another machine does not look. */
function asmHeaders() {
  const { stdout } = spawnSync('cc', ['-print-multiarch'], { encoding: 'utf8' });
  const multiarch = stdout?.trim();
  return multiarch ? ['-idirafter', `/usr/include/${multiarch}`] : [];
}

function compile(clang) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-bpf-'));
  try {
    const object = path.join(folder, 'selectors.o');
    const args = [...FLAGS.split(' '), ...asmHeaders(), '-c', SOURCE, '-o', object];
    execFileSync(clang, args, { stdio: 'inherit' });
    return readFileSync(object);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** snake_case to a constant's name: kRoundRobin. */
const constant = (name) => `k${name.replace(/(?:^|_)(.)/g, (_, first) => first.toUpperCase())}`;

function rows(items, perRow) {
  const lines = [];
  for (let i = 0; i < items.length; i += perRow) lines.push(`    ${items.slice(i, i + perRow).join(' ')}`);
  return lines.join('\n');
}

function header(found) {
  const maps = [...new Set(found.flatMap(({ maps }) => maps.map(({ map }) => map)))].sort();
  const arrays = found.map(({ name, instructions, functions, maps }) => {
    const code = instructions.map((instruction) => `{${instruction.join(', ')}},`);
    const uses = maps.map(({ at, map }) => `{${at}, ${constant(map)}},`);
    return `constexpr bpf_insn ${constant(name)}[] = {
${rows(code, 4)}
};
constexpr uint32_t ${constant(name)}Functions[] = {${functions.join(', ')}};
constexpr MapUse ${constant(name)}Maps[] = {
${rows(uses, 6)}
};
`;
  });
  return `// Made by compile.mjs from selectors.bpf.c with clang ${CLANG}: npm run build:bpf.
#pragma once

#include <linux/bpf.h>

#include <cstdint>

namespace evenkeel::selectors {

enum Map { ${maps.map(constant).join(', ')}, kMaps };

// An instruction that wants a map's descriptor as its immediate operand.
struct MapUse {
  uint32_t instruction;
  Map map;
};

// clang-format off
${arrays.join('\n')}// clang-format on

}  // namespace evenkeel::selectors
`;
}

const clang = findClang();
if (process.argv.includes('--check')) {
  if (clang === undefined) {
    console.warn(`SKIPPED: whether selectors.h is what selectors.bpf.c compiles to (no clang ${CLANG} here)`);
  } else if (header(programs(compile(clang))) !== readFileSync(HEADER, 'utf8')) {
    console.error('native/linux/bpf/selectors.h is not what selectors.bpf.c compiles to: npm run build:bpf');
    process.exitCode = 1;
  } else {
    console.log('selectors.h is what selectors.bpf.c compiles to');
  }
} else if (clang === undefined) {
  console.error(`clang ${CLANG} is not installed`);
  process.exitCode = 1;
} else {
  writeFileSync(HEADER, header(programs(compile(clang))));
}
