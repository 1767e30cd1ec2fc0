import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLI, Fleet, fixture, NODE } from '../helpers/fleet.ts';

const script = (shell: string): string =>
  execFileSync(NODE, [CLI, 'completion', shell], { encoding: 'utf8' });

function whyNot(shell: string): string | undefined {
  return spawnSync(shell, ['-c', 'exit 0']).error?.message;
}

let folder: string;

/** `evenkeel` as a command, as the scripts call it. */
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ek-'));
  const command = `#!/bin/sh\nexec '${NODE}' '${CLI}' "$@"\n`;
  mkdirSync(path.join(folder, 'bin'));
  writeFileSync(path.join(folder, 'bin/evenkeel'), command, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true }));

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${folder}/bin:${process.env.PATH}`, XDG_RUNTIME_DIR: folder };
}

/** What bash offers for the last of these words. */
function inBash(...words: string[]): string[] {
  const program = `
    source <(evenkeel completion bash)
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _evenkeel
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ['--norc', '-c', program, 'bash', ...words];
  const { stdout, stderr } = spawnSync('bash', args, { encoding: 'utf8', env: environment() });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe('bash', () => {
  test.each([
    [['evenkeel', 're'], ['reload']],
    [
      ['evenkeel', 'sta'],
      ['start', 'status'],
    ],
    [
      ['evenkeel', 'status', '--'],
      ['--name', '--json', '--help'],
    ],
    [['evenkeel', 'stop', '--f'], ['--force']],
    [
      ['evenkeel', 'start', '--max-s'],
      ['--max-surge', '--max-served'],
    ],
    [['evenkeel', 'completion', 'z'], ['zsh']],
    [['evenkeel', 'server'], []],
    [['evenkeel', 'server.js', '--', 're'], []],
  ])('%j: %j', (words, offered) => {
    expect(inBash(...words)).toEqual(offered);
  });

  test('every command, and none that is hidden', () => {
    const help = execFileSync(NODE, [CLI, '--help'], { encoding: 'utf8' });
    const commands = [...help.matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name]) => name as string);
    expect(commands).toContain('reload');
    const offered = inBash('evenkeel', '');
    expect(offered).toEqual(expect.arrayContaining(commands.filter((name) => name !== 'help')));
    expect(offered.filter((word) => word.startsWith('_'))).toEqual([]);
  });

  test('--name is that of a fleet which runs', async () => {
    const env = { XDG_RUNTIME_DIR: folder };
    await using fleet = new Fleet(['-w', '1', '--name', 'shop', fixture('http-hello.mjs')], env);
    await fleet.ready();
    expect(inBash('evenkeel', 'reload', '--name', '')).toEqual(['shop']);
    expect(inBash('evenkeel', 'start', '--name', 's')).toEqual([]);
  });
});

const ASKS = {
  zsh: ['-n'],
  fish: ['--no-execute'],
} as const;

describe.each(['zsh', 'fish'] as const)('%s', (shell) => {
  const obstacle = whyNot(shell);
  if (obstacle !== undefined) console.warn(`SKIPPED: ${shell} reads its script (${obstacle})`);

  test('has every command and its options', () => {
    const text = script(shell);
    for (const word of ['reload', 'explain', 'max-surge', 'force', 'bash zsh fish', '__fleets']) {
      expect(text).toContain(word);
    }
  });

  test.skipIf(obstacle !== undefined)('takes its script', () => {
    const file = path.join(folder, `completion.${shell}`);
    writeFileSync(file, script(shell));
    const { status, stderr } = spawnSync(shell, [...ASKS[shell], file], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

test('another shell is refused, with those there are', () => {
  const { status, stderr } = spawnSync(NODE, [CLI, 'completion', 'tcsh'], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toMatch(/Allowed choices are bash, zsh, fish/);
});
