// PM2 in the foreground, with its home in a folder of this run: in-pm2.mjs PM2-RUNTIME PM2 WORKERS.
// SIGUSR2: `pm2 reload`.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ecosystem } from '../pm2.mjs';

const [runtime, pm2, workers] = process.argv.slice(2);
const folder = process.env.BENCH_FOLDER;
const file = path.join(folder, 'ecosystem.json');
const env = { ...process.env, PM2_HOME: path.join(folder, 'pm2') };

writeFileSync(file, JSON.stringify(ecosystem(Number(workers))));
const daemon = run([runtime, 'start', file, '--raw']);
daemon.once('exit', (code, signal) => {
  console.error(`pm2-runtime ended: ${signal ?? code}`);
  process.exit(1);
});
process.on('SIGUSR2', () => run([pm2, 'reload', 'bench']));

function run(args) {
  return spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
}
