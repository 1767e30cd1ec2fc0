import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { eventually, isStopped } from './requests.ts';

const TICK = 10; // ms; USER_HZ is 100 everywhere

/** The CPU time a process has used, ms. */
export function cpuTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK; // utime and stime, see proc(5)
}

/** The share of a CPU it uses during so many ms. */
export async function cpuShare(pid: number, ms: number): Promise<number> {
  const before = cpuTime(pid);
  const begun = performance.now();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return (cpuTime(pid) - before) / (performance.now() - begun);
}

/** Stops it; resolves when it has. */
export async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await eventually(() => isStopped(pid));
}

export function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.split(' ').filter(Boolean).map(Number);
}

export function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** How many descriptors a running process may have from now on. */
export function limitDescriptors(pid: number, soft: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]);
}

export function descriptorLimit(pid: number): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1]);
}
