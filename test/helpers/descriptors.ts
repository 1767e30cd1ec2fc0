import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { binding } from '../../dist/binding.js';
import { eventually } from './requests.ts';
import { socketIdentity } from './windows-sockets.ts';

const FOLDER = '/proc/self/fd';

/** Windows counts handles, and does not say what they are. */
export const namesDescriptors = !('handleCount' in binding());

/** How many descriptors, on Windows handles, this process has open. */
export function openCount(): number {
  return namesDescriptors ? readdirSync(FOLDER).length : binding().handleCount();
}

/** What a descriptor of this process is, `socket:[4711]` say: the same wherever it is duplicated to, and
 * undefined once it is closed. */
export function identity(fd: number): string | undefined {
  if (!namesDescriptors) return socketIdentity(fd);
  try {
    return readlinkSync(`${FOLDER}/${fd}`);
  } catch {
    return undefined;
  }
}

/** This process's descriptors, each with what it is. */
export function descriptors(): Set<string> {
  const found = new Set<string>();
  for (const name of readdirSync(FOLDER)) {
    const what = identity(Number(name));
    if (what !== undefined) found.add(`${name} → ${what}`); // undefined: the one that read the folder
  }
  return found;
}

/** Descriptors there are now and were not `before`. */
export function openedSince(before: ReadonlySet<string>): string[] {
  return [...descriptors()].filter((descriptor) => !before.has(descriptor));
}

/** Runs `action` so many times, and fails where a descriptor of it stays open. */
export async function leavesNothingOpen(times: number, action: () => unknown): Promise<void> {
  await action(); // what is opened once and kept for good is open now
  if (!namesDescriptors) return leavesCount(times, action);
  const before = descriptors();
  for (let i = 0; i < times; i++) await action();
  let left: string[] = [];
  try {
    await eventually(() => {
      left = openedSince(before);
      return left.length === 0;
    }, 2000);
  } catch {
    throw new Error(`${times} times left ${left.length} descriptors open: ${left.slice(0, 8).join(', ')}`);
  }
}

/** The same where they have no names. Node's own threads open one or the other meanwhile, and keep it: what
 * leaks, leaks each time. */
async function leavesCount(times: number, action: () => unknown): Promise<void> {
  const rounds = Math.max(10, times);
  const before = openCount();
  for (let i = 0; i < rounds; i++) await action();
  await eventually(() => openCount() < before + rounds / 2, 2000).catch(() => {
    throw new Error(`${rounds} times left ${openCount() - before} handles open`);
  });
}

const O_CLOEXEC = 0o2000000;

/** Whether a descriptor is closed in the programs this process starts. */
export function isCloseOnExec(fd: number): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  if (flags === undefined) throw new Error(`descriptor ${fd} has no flags`);
  return (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
}
