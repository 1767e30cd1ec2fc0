import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';

const HELLO = fixture('http-hello.mjs');
const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-bad-input-'));

/** Processes whose command line names `marker`. */
function running(marker: string): string {
  try {
    return execFileSync('pgrep', ['-af', marker], { encoding: 'utf8' });
  } catch {
    return ''; // pgrep's way to say none
  }
}

async function refused(args: string[], env?: Record<string, string>) {
  await using fleet = new Fleet(args, env);
  const { code } = await fleet.exited;
  return { code, stderr: fleet.stderr, log: fleet.log.map(({ msg }) => msg).join('\n') };
}

describe('usage: exit status 2, what is wrong and what is right', () => {
  test.each([
    ['unknown option', [HELLO, '--frobnicate'], /unknown option '--frobnicate'/],
    ['no entry', [], /missing required argument 'entry'/],
    [
      'unknown strategy',
      [HELLO, '-s', 'magic'],
      /'magic'.*reuse-port, hand-off, shared-handle.*ERR_UNKNOWN_STRATEGY/,
    ],
    ['unknown policy', [HELLO, '-p', 'magic'], /'magic'.*round-robin.*ERR_UNKNOWN_POLICY/],
    [
      'a pair that does not exist',
      [HELLO, '-s', 'hand-off', '-p', 'hash'],
      /hand-off with policy hash.*ERR_UNSUPPORTED/,
    ],
    ['workers 0', [HELLO, '-w', '0'], /from 1 to 256, not '0'.*ERR_INVALID_OPTION/],
    ['workers -1', [HELLO, '-w', '-1'], /from 1 to 256, not '-1'.*ERR_INVALID_OPTION/],
    ['workers 1.5', [HELLO, '-w', '1.5'], /from 1 to 256, not '1.5'/],
    ['workers many', [HELLO, '-w', 'many'], /from 1 to 256, not 'many'/],
    ['workers 10000', [HELLO, '-w', '10000'], /from 1 to 256, not '10000'/],
    ['a time that is none', [HELLO, '--kill-timeout', 'soon'], /killTimeout.*milliseconds.*not 'soon'/],
    [
      'deferAccept',
      [HELLO, '--defer-accept', 'often'],
      /'auto', true or false, not 'often'.*ERR_INVALID_OPTION/,
    ],
    ['entry missing', ['no-such-file.js'], /no-such-file.js: no such file.*ERR_ENTRY_NOT_FOUND/],
    ['entry a directory', [folder], /is a directory.*ERR_ENTRY_NOT_A_FILE/],
    ['explain, unknown strategy', ['explain', '-s', 'magic'], /ERR_UNKNOWN_STRATEGY/],
  ])('%s', async (_name, args, message) => {
    const { code, stderr } = await refused(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('an entry that does not start: exit status 1, and nothing left running', () => {
  test.each([
    ['syntax-error.mjs', /syntax-error.mjs ended before it listened: exit code 1/, /SyntaxError/],
    [
      'crash-on-boot.mjs',
      /crash-on-boot.mjs ended before it listened: exit code 1/,
      /crash-on-boot: on purpose/,
    ],
    ['exits-at-once.mjs', /exits-at-once.mjs ran to its end .*never called listen/, /./],
  ])('%s', async (name, message, own) => {
    const { code, stderr } = await refused([fixture(name), '-w', '3']);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(own);
    expect(stderr).toMatch('ERR_ENTRY_FAILED');
    expect(code).toBe(1);
    expect(running(name)).toBe('');
  });
});

test('a log level that does not exist', async () => {
  const { code, stderr } = await refused([HELLO], { EVENKEEL_LOG_LEVEL: 'loud' });
  expect(stderr).toMatch(/EVENKEEL_LOG_LEVEL must be one of .*info.*not 'loud'.*ERR_INVALID_OPTION/);
  expect(code).toBe(2);
});

test('never listens: a warning, not a hang', async () => {
  await using fleet = new Fleet([fixture('never-listens.mjs'), '-w', '2', '--listen-timeout', '200']);
  const { msg } = await fleet.logged(({ msg }) => msg.includes('did not call listen()'));
  expect(msg).toMatch(/2 of 2 workers did not call listen\(\) within 200 ms; still waiting/);
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
});

describe('an address that cannot be had', () => {
  test('port taken by someone else', async () => {
    const taken = net.createServer().listen(0);
    const { port } = taken.address() as net.AddressInfo;
    const { code, log, stderr } = await refused([HELLO, '-w', '2'], { PORT: String(port) });
    taken.close();
    expect(log).toMatch(new RegExp(`bind EADDRINUSE.*:${port}: another process listens there`));
    expect(stderr).toMatch(/ended before it listened/);
    expect(code).toBe(1);
  });

  test('taken by another fleet, even by kernel port sharing', async () => {
    await using first = new Fleet([HELLO, '-w', '2', '-s', 'reuse-port']);
    const port = await first.ready();
    const { code, log } = await refused([HELLO, '-w', '2', '-s', 'reuse-port'], { PORT: String(port) });
    expect(log).toMatch(/EADDRINUSE/);
    expect(code).toBe(1);
  });

  test('address not local', async () => {
    const { code, log } = await refused([HELLO, '-w', '2'], { HOST: '192.0.2.1', PORT: '18080' });
    expect(log).toMatch(/bind EADDRNOTAVAIL.* 192.0.2.1:18080: not an address of this machine/);
    expect(code).toBe(1);
  });
});

test('the addon is broken: auto falls back to node:cluster with one warning, a named strategy is refused', async () => {
  const broken = path.join(folder, 'broken.node');
  writeFileSync(broken, 'not a shared object');
  const env = { EVENKEEL_ADDON: broken };

  await using fleet = new Fleet([HELLO, '-w', '2'], env);
  await fleet.logged(({ msg }) => / of 2 workers ready/.test(msg));
  const warnings = fleet.log.filter(({ level }) => level >= 40);
  expect(warnings.map(({ msg }) => msg)).toEqual([
    expect.stringMatching(/Node's own cluster serves: cannot load the native addon/),
  ]);
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });

  const { code, stderr } = await refused([HELLO, '-s', 'hand-off'], env);
  expect(stderr).toMatch(/strategy hand-off here: cannot load the native addon.*ERR_ADDON_UNAVAILABLE/);
  expect(code).toBe(1);
});
