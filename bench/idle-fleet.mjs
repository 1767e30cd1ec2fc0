#!/usr/bin/env node
// CPU time of a fleet that nobody connects to, by strategy: per cent of one core for each worker and for
// the primary. `npm run bench:idle -- --seconds 10 --workers 4`
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, workers: { type: 'string', default: '4' } },
});
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const SETTLE = 15_000; // what a start leaves to do, the garbage collector above all

const local = (file) => fileURLToPath(new URL(file, import.meta.url));

function children(pid) {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** Seconds so far; from the scheduler's ns where the kernel has them, else from ticks. */
function cpu(pid) {
  try {
    const tasks = execFileSync('sh', ['-c', `cat /proc/${pid}/task/*/schedstat`], { encoding: 'utf8' });
    return tasks
      .trim()
      .split('\n')
      .reduce((sum, line) => sum + Number(line.split(' ')[0]) / 1e9, 0);
  } catch {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }
}

async function measure(strategy) {
  const args = [local('../dist/cli/main.js'), local('./app.mjs'), '-w', values.workers, '-s', strategy];
  const env = { ...process.env, PORT: '0' };
  const primary = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    let said = '';
    for await (const text of primary.stdout) {
      said += text;
      if (said.includes('workers ready')) break;
    }
    await delay(SETTLE);
    const pids = [primary.pid, ...children(primary.pid)];
    const before = pids.map(cpu);
    await delay(Number(values.seconds) * 1000);
    const percent = pids.map((pid, i) => ((cpu(pid) - before[i]) / Number(values.seconds)) * 100);
    const [own, ...workers] = percent;
    return { own, worst: Math.max(...workers) };
  } finally {
    primary.kill('SIGKILL');
  }
}

console.log(`Node ${process.version}, ${values.workers} workers, ${values.seconds} s, % of one core`);
console.log('| strategy | the busiest worker | primary |\n|---|---|---|');
for (const strategy of ['shared-handle', 'hand-off', 'reuse-port']) {
  const { own, worst } = await measure(strategy);
  console.log(`| ${strategy} | ${worst.toFixed(3)} | ${own.toFixed(3)} |`);
}
