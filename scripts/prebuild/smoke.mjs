import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ARM_NODE } from './targets.mjs';
import { ROOT, run, unpack } from './tools.mjs';

const CLI = path.join(ROOT, 'dist/cli/main.js');
const SERVER = path.join(ROOT, 'test/fixtures/http-hello.mjs');
const WORKERS = 2;
// Emulated, a worker takes seconds to start.
const LISTEN_TIMEOUT = 120_000;
const ANSWER_TIMEOUT = 30_000;

/** How to run a target's Node here: a command and Node's options, or the reason why not. */
export function runner(name, folder) {
  if (name === `linux-${process.arch}`) return { command: process.execPath, options: [] };
  if (name === 'linux-arm64') return emulated(folder);
  return { why: `no Node for ${name} here` };
}

/** Serves with a prebuilt binary, found by node-gyp-build as a user's would be: it loads, every strategy that
 * is possible says so, every worker answers. Returns what was seen. */
export async function smoke({ command, options, env = {}, strategy = 'auto' }) {
  const environment = { ...process.env, ...env, PREBUILDS_ONLY: '1', HOST: '127.0.0.1' };
  const explained = run(command, [...options, CLI, 'explain', '--json'], { env: environment });
  const { capabilities, reasons } = JSON.parse(explained);
  if (capabilities.addon !== undefined) throw new Error(capabilities.addon);
  const args = [
    ...options,
    CLI,
    SERVER,
    '-w',
    String(WORKERS),
    '-s',
    strategy,
    '--listen-timeout',
    String(LISTEN_TIMEOUT),
  ];
  const fleet = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await listening(fleet);
    for (const seen = new Set(); seen.size < WORKERS; ) seen.add(await ask(port));
    const ended = once(fleet, 'exit');
    fleet.kill('SIGTERM');
    const [code] = await ended;
    if (code !== 0) throw new Error(`the fleet ended with ${code}`);
  } finally {
    fleet.kill('SIGKILL');
  }
  const possible = reasons.filter(({ verdict }) => verdict !== 'unsupported').length;
  return `${WORKERS} workers answer on ${capabilities.platform}, ${possible} pairs possible`;
}

async function listening({ stdout }) {
  let port;
  for await (const line of createInterface({ input: stdout })) {
    const { msg, port: said } = JSON.parse(line);
    port ??= said;
    if (!/ of \d+ workers ready/.test(msg)) continue;
    stdout.resume(); // what it says from now on must not fill the pipe
    return port;
  }
  throw new Error('the fleet ended before its workers were ready');
}

/** Who answered. */
async function ask(port) {
  const response = await fetch(`http://127.0.0.1:${port}`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(ANSWER_TIMEOUT),
  });
  return (await response.json()).worker;
}

/** A program under QEMU cannot start another of its kind: its workers are started by a script. */
function emulated(folder) {
  const node = path.join(unpack(ARM_NODE, 'arm64'), 'bin/node');
  mkdirSync(folder, { recursive: true });
  const script = path.join(folder, 'node');
  writeFileSync(script, `#!/bin/sh\nexec qemu-aarch64-static "${node}" "$@"\n`, { mode: 0o755 });
  const preload = path.join(folder, 'exec-path.cjs');
  writeFileSync(preload, `process.execPath = ${JSON.stringify(script)};\n`);
  return {
    command: script,
    options: ['--require', preload],
    env: { QEMU_LD_PREFIX: '/usr/aarch64-linux-gnu' },
  };
}
