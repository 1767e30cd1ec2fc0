#!/usr/bin/env node
// CPU time per new connection, of the whole process tree: each strategy beside one process and
// node:cluster, interleaved, warmed, medians. Wants wrk. `npm run bench -- --rounds 5 --workers 2`
//
// Ratios within one run are what counts: machines differ, and are noisy.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    workers: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '2' },
  },
});
const WARM_PER_PROCESS = 8000;
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

const local = (file) => fileURLToPath(new URL(file, import.meta.url));
const cli = local('../dist/cli/main.js');
const server = local('./hello.mjs');
const app = local('./cluster-hello.mjs');
const workers = Number(values.workers);

const contestants = [
  { name: 'one process', args: [server], processes: 1 },
  { name: 'node:cluster round robin', args: [app], env: { NODE_CLUSTER_SCHED_POLICY: 'rr' } },
  { name: 'node:cluster shared handle', args: [app], env: { NODE_CLUSTER_SCHED_POLICY: 'none' } },
  ...['hand-off', 'shared-handle', 'reuse-port'].map((strategy) => ({
    name: `evenkeel ${strategy}`,
    args: [cli, server, '-w', String(workers), '-s', strategy],
  })),
];

/** Every process below `pid`, itself included. */
function tree(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => tree(Number(child))))];
}

/** CPU time so far, in µs; by the kernel's accounting. */
function cpu(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks / TICKS_PER_SECOND) * 1e6;
}

function load(port, seconds) {
  const args = ['-t1', '-c32', `-d${seconds}s`, '-H', 'Connection: close', `http://127.0.0.1:${port}/`];
  const report = execFileSync('wrk', args, { encoding: 'utf8' });
  const failures = /Socket errors.*/.exec(report)?.[0];
  if (failures !== undefined) throw new Error(failures);
  return Number(/(\d+) requests in/.exec(report)[1]);
}

async function begin(contestant, index) {
  const port = 21_000 + index;
  const env = { ...process.env, ...contestant.env, PORT: String(port), WORKERS: String(workers) };
  const child = spawn(process.execPath, contestant.args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  for (;;) {
    try {
      await fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: 'close' } });
      break;
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`${contestant.name} ended`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const wanted = WARM_PER_PROCESS * (contestant.processes ?? workers);
  for (let done = 0; done < wanted; ) done += load(port, 1);
  return { ...contestant, child, port, pids: tree(child.pid), figures: [], rates: [] };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const running = [];
for (const [index, contestant] of contestants.entries()) running.push(await begin(contestant, index));
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const one of running) {
      const before = cpu(one.pids);
      const count = load(one.port, values.seconds);
      one.figures.push((cpu(one.pids) - before) / count);
      one.rates.push(count / Number(values.seconds));
    }
  }
  const floor = median(running[0].figures);
  const roundRobin = median(running[1].figures);
  console.log(
    `Node ${process.version}, ${workers} workers, median of ${values.rounds} rounds (least to most)`,
  );
  for (const { name, figures, rates } of running) {
    const own = median(figures);
    const spread = `(${Math.min(...figures).toFixed(1)} to ${Math.max(...figures).toFixed(1)})`;
    const ratios = `${(own / floor).toFixed(2)} of one process, ${(own / roundRobin).toFixed(2)} of node's round robin`;
    console.log(
      `${name.padEnd(27)} ${own.toFixed(1).padStart(6)} µs/connection ${spread.padEnd(18)} ${ratios}, ${median(rates).toFixed(0)}/s`,
    );
  }
} finally {
  for (const { child } of running) child.kill('SIGKILL');
}
