import { readFileSync } from 'node:fs';
import os from 'node:os';
import { posix as path } from 'node:path';

/** Reads a file of the system, or undefined where there is none. */
export type Read = (file: string) => string | undefined;

/** The CPUs this process may really use: its affinity, and the tightest CPU quota of its cgroup and of
 * every cgroup above (v1 and v2), rounded up; at least 1.
 * Sources: proc(5), cgroups(7), kernel doc admin-guide/cgroup-v2 (cpu.max) and scheduler/sched-bwc. */
export function usableCpus(read: Read = readFile, parallelism = os.availableParallelism()): number {
  const affinity = affinityCpus(read) ?? parallelism;
  const quota = Math.min(...cpuQuotas(read));
  return Math.max(1, Math.ceil(Math.min(affinity, quota)));
}

/** sched_getaffinity(2), as the kernel prints it. (availableParallelism() of newer Nodes has the quota in
 * it already, rounded down.) */
function affinityCpus(read: Read): number | undefined {
  const list = read('/proc/self/status')?.match(/^Cpus_allowed_list:\s*(\S+)$/m)?.[1];
  if (list === undefined) return undefined;
  let count = 0;
  for (const range of list.split(',')) {
    const [first, last = first] = range.split('-').map(Number) as [number, number?];
    count += last - first + 1;
  }
  return count > 0 ? count : undefined;
}

/** Each quota from the process's own cgroup up to the root, in CPUs. */
function cpuQuotas(read: Read): number[] {
  const groups = read('/proc/self/cgroup') ?? '';
  const mounts = parseMounts(read('/proc/self/mountinfo') ?? '');
  const quotas: number[] = [];
  for (const line of groups.split('\n')) {
    const [, controllers, group] = line.match(/^\d+:([^:]*):(.+)$/) ?? [];
    if (controllers === undefined || group === undefined) continue;
    const isV2 = controllers === '';
    if (!isV2 && !controllers.split(',').includes('cpu')) continue;
    const mount = mounts.find((m) =>
      isV2 ? m.type === 'cgroup2' : m.type === 'cgroup' && m.options.includes('cpu'),
    );
    if (mount === undefined) continue;
    for (const directory of upwards(mount, group)) {
      const quota = isV2 ? quotaV2(read, directory) : quotaV1(read, directory);
      if (quota !== undefined) quotas.push(quota);
    }
  }
  return quotas;
}

interface Mount {
  /** Which part of the hierarchy is mounted. */
  root: string;
  point: string;
  type: string;
  options: string[];
}

function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ');
    const [, , , root, point] = left?.split(' ') ?? [];
    const [type, , options] = right?.split(' ') ?? [];
    if (root === undefined || point === undefined || type === undefined) return [];
    return [{ root, point, type, options: options?.split(',') ?? [] }];
  });
}

/** The directories of a cgroup and of those above it that can be seen from here, the leaf first. */
function upwards(mount: Mount, group: string): string[] {
  const relative = path.relative(mount.root, group);
  // Outside of what is mounted (a container without a cgroup namespace): only the mount's root is ours.
  const inside = relative.startsWith('..') ? '' : relative;
  const directories: string[] = [];
  for (let part = inside; ; part = path.dirname(part)) {
    if (part === '.') part = '';
    directories.push(path.join(mount.point, part));
    if (part === '') return directories;
  }
}

function quotaV2(read: Read, directory: string): number | undefined {
  const [quota, period] = read(path.join(directory, 'cpu.max'))?.trim().split(' ') ?? [];
  return ratio(Number(quota), Number(period)); // 'max' is NaN: no limit
}

function quotaV1(read: Read, directory: string): number | undefined {
  const quota = Number(read(path.join(directory, 'cpu.cfs_quota_us')) ?? Number.NaN); // -1: no limit
  return ratio(quota, Number(read(path.join(directory, 'cpu.cfs_period_us'))));
}

function ratio(quota: number, period: number): number | undefined {
  return quota > 0 && period > 0 ? quota / period : undefined;
}

function readFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // no such file: no such limit
  }
}
