#!/usr/bin/env node
// The control socket of a fleet that serves, attacked: garbage, halves, floods, clients that never read or never
// end. `npm run test:stress:control -- --messages 100000 --seed 7`; ends with 1 where anything was harmed.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Attack } from './attack.mjs';
import { faultsOf, measure, serveAll } from './harm.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** So many messages before memory is measured for the first time: what is allocated once is
 * there then. */
const WARM_UP = 2000;

/** @returns what came of it; `faults` is empty where nothing was harmed */
export async function fuzz({ messages, seed, node = process.execPath }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ek-'));
  const where = path.join(folder, 'evenkeel/fuzzed.sock');
  const env = { ...process.env, XDG_RUNTIME_DIR: folder, EVENKEEL_LOG_LEVEL: 'info' };
  const args = ['dist/cli/main.js', '-w', '2', '--name', 'fuzzed', 'test/fixtures/http-hello.mjs'];
  const fleet = spawn(node, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const log = [];
  try {
    const port = await started(fleet, log);
    const load = serveAll(port);
    const attack = new Attack(where, seed);
    await attack.run(Math.min(WARM_UP, messages));
    const before = await measure(fleet.pid, where);
    await attack.run(messages);
    const after = await measure(fleet.pid, where, before.descriptors);
    const http = await load.stop();
    const faults = faultsOf({ before, after, http, log, isAlive: fleet.exitCode === null });
    return { seed, faults, sent: attack.sent, before, after, http };
  } finally {
    fleet.kill('SIGKILL');
    await once(fleet, 'close');
    rmSync(folder, { recursive: true });
  }
}

/** Resolves with the port when it serves. */
function started(fleet, log) {
  return new Promise((resolve, reject) => {
    let port;
    createInterface({ input: fleet.stdout }).on('line', (line) => {
      const entry = JSON.parse(line);
      log.push(entry);
      if (entry.msg.startsWith('listening on ')) port = entry.port;
      if (/ of \d+ workers ready/.test(entry.msg)) resolve(port);
    });
    fleet.on('exit', (code) => reject(new Error(`the fleet has ended: ${code}`)));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    },
  });
  const result = await fuzz({ messages: Number(values.messages), seed: Number(values.seed) });
  console.log(JSON.stringify(result, null, 2));
  if (result.faults.length > 0) process.exitCode = 1;
}
