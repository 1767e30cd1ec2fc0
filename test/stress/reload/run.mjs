#!/usr/bin/env node
// Reloads a fleet again and again under load of every kind, or upgrades its primary; ends with 1 where a request failed.
// `npm run test:reloads -- --times 20 --strategies hand-off,shared-handle --protocols http,https,http2`
// `npm run test:reloads -- --act upgrade --times 10`
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tlsKeys } from '../../../bench/lib/tls.mjs';
import { STRATEGIES } from '../../../dist/strategies/select.js';
import { writeWhole } from '../../helpers/write-whole.mjs';
import { loads } from './clients.mjs';
import { Controlled } from './controlled.mjs';
import { Operated } from './operated.mjs';

const SERVER = fileURLToPath(new URL('../../fixtures/reloadable.mjs', import.meta.url));

const { values } = parseArgs({
  options: {
    act: { type: 'string', default: 'reload' },
    times: { type: 'string', default: '20' },
    /** At least so many, however fast that is. */
    requests: { type: 'string', default: '100000' },
    workers: { type: 'string', default: '4' },
    clients: { type: 'string', default: '8' },
    strategies: { type: 'string', default: STRATEGIES.join(',') },
    protocols: { type: 'string', default: 'http,https,http2' },
  },
});

let failures = 0;
for (const protocol of values.protocols.split(',')) {
  for (const strategy of values.strategies.split(',')) failures += await trial(strategy, protocol);
}
if (failures > 0) process.exitCode = 1;

async function trial(strategy, protocol) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-reloads-'));
  const file = path.join(folder, 'version.json');
  const deploy = (version) => writeWhole(file, JSON.stringify({ version, mode: 'ok', listenOn: [0] }));
  deploy(1);
  const { TLS_KEY, TLS_CERT } = tlsKeys();
  const options = {
    exec: SERVER,
    args: [file],
    workers: Number(values.workers),
    strategy,
    listenTimeout: 30_000, // this machine has the clients' work, too
  };
  const env = { TEST_KEY: TLS_KEY, TEST_CERT: TLS_CERT, PROTOCOL: protocol };
  const fleet = await (values.act === 'upgrade' ? Controlled : Operated).start(options, env);
  try {
    const all = loads(protocol, fleet.port, Number(values.clients));
    const answered = () => all.reduce((sum, { tally }) => sum + tally.ok, 0);
    const begun = performance.now();
    for (let generation = 2; generation <= Number(values.times) + 1; generation++) {
      deploy(generation);
      await fleet.tell(values.act);
    }
    const { generation } = fleet.status;
    if (generation !== Number(values.times) + 1) throw new Error(`generation ${generation} serves`);
    const seconds = (performance.now() - begun) / 1000;
    while (answered() < Number(values.requests)) await new Promise((resolve) => setTimeout(resolve, 100));
    await Promise.all(all.map((load) => load.stop()));
    const failed = all.flatMap(({ tally }) => [...tally.failed]);
    const count = failed.reduce((sum, [, n]) => sum + n, 0);
    const kinds = failed.map(([why, n]) => `${n} × ${why}`).join(', ');
    const what = count === 0 ? '0 failed' : `${count} FAILED: ${kinds}`;
    console.log(
      `${protocol}, ${strategy}: ${values.times} ${values.act}s in ${seconds.toFixed(1)} s, ${answered()} answered, ${what}`,
    );
    return count;
  } finally {
    await fleet.close();
    rmSync(folder, { recursive: true });
  }
}
