import os from 'node:os';
import { describe, expect, test } from 'vitest';
import { type Read, usableCpus } from '../dist/cpus.js';

/** A machine's files, by name. Whatever is not named is not there. */
type Files = Readonly<Record<string, string>>;

const MANY = 64;
const reading =
  (files: Files): Read =>
  (file) =>
    files[file];
const cpus = (files: Files) => usableCpus(reading(files), MANY);

const allowed = (list: string): Files => ({
  '/proc/self/status': `Name:\tnode\nCpus_allowed:\tffff\nCpus_allowed_list:\t${list}\nMems_allowed_list:\t0\n`,
});

const OTHER_MOUNTS = [
  '22 28 0:21 / /proc rw,nosuid - proc proc rw',
  '28 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw',
];
const mounts = (...lines: string[]): Files => ({
  '/proc/self/mountinfo': `${[...OTHER_MOUNTS, ...lines].join('\n')}\n`,
});
const V2 = '30 28 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate';
const V1_CPU = '31 28 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct';
const V1_CPUSET = '32 28 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset';
const V1_MEMORY = '33 28 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory';

describe('cgroup v2', () => {
  const at = (group: string, limits: Files): Files => ({
    ...mounts(V2),
    '/proc/self/cgroup': `0::${group}\n`,
    ...Object.fromEntries(
      Object.entries(limits).map(([part, max]) => [`/sys/fs/cgroup${part}/cpu.max`, max]),
    ),
  });

  test('the quota of its own group', () => {
    expect(cpus(at('/app', { '/app': '200000 100000\n' }))).toBe(2);
  });

  test("'max' is no limit", () => {
    expect(cpus(at('/app', { '/app': 'max 100000\n' }))).toBe(MANY);
  });

  test('nested: the tightest level counts, wherever it is', () => {
    const levels = (leaf: string, middle: string, top: string) =>
      cpus(at('/a/b/c', { '/a/b/c': leaf, '/a/b': middle, '/a': top }));
    expect(levels('800000 100000', '300000 100000', '600000 100000')).toBe(3);
    expect(levels('max 100000', 'max 100000', '600000 100000')).toBe(6);
    expect(levels('100000 100000', '300000 100000', 'max 100000')).toBe(1);
  });

  test('a level above may have no file (no cpu controller there)', () => {
    expect(cpus(at('/a/b/c', { '/a': '500000 100000' }))).toBe(5);
  });

  test('the root of a cgroup namespace, as in a container', () => {
    expect(cpus(at('/', { '': '400000 100000\n' }))).toBe(4);
  });

  test.each([
    ['150000 100000', 2],
    ['100001 100000', 2],
    ['50000 100000', 1],
    ['1000 100000', 1],
    ['25000 10000', 3],
    ['1000000 1000000', 1],
  ])('a fraction is rounded up: %s is %d', (max, count) => {
    expect(cpus(at('/app', { '/app': max }))).toBe(count);
  });

  test.each(['', 'garbage', '-1 100000', '0 100000', '100000 0', '100000'])(
    "what makes no sense is no limit: '%s'",
    (max) => {
      expect(cpus(at('/app', { '/app': max }))).toBe(MANY);
    },
  );
});

describe('cgroup v1', () => {
  const at = (group: string, quota: string, period = '100000'): Files => ({
    ...mounts(V1_MEMORY, V1_CPUSET, V1_CPU),
    '/proc/self/cgroup': `9:memory:/elsewhere\n7:cpuset:/elsewhere\n4:cpu,cpuacct:${group}\n1:name=systemd:/x\n`,
    [`/sys/fs/cgroup/cpu,cpuacct${group}/cpu.cfs_quota_us`]: `${quota}\n`,
    [`/sys/fs/cgroup/cpu,cpuacct${group}/cpu.cfs_period_us`]: `${period}\n`,
  });

  test('a quota', () => {
    expect(cpus(at('/docker/abc', '250000'))).toBe(3);
    expect(cpus(at('/docker/abc', '100000', '50000'))).toBe(2);
  });

  test('-1 is no limit', () => {
    expect(cpus(at('/docker/abc', '-1'))).toBe(MANY);
  });

  test('the tightest level counts', () => {
    const nested = (leaf: string, top: string) => cpus({ ...at('/docker', top), ...at('/docker/abc', leaf) });
    expect(nested('700000', '200000')).toBe(2);
    expect(nested('100000', '200000')).toBe(1);
    expect(nested('-1', '300000')).toBe(3);
  });

  test('a quota of another controller counts for nothing', () => {
    const decoy = {
      '/sys/fs/cgroup/cpuset/elsewhere/cpu.cfs_quota_us': '100000',
      '/sys/fs/cgroup/cpuset/elsewhere/cpu.cfs_period_us': '100000',
    };
    expect(cpus({ ...at('/docker/abc', '-1'), ...decoy })).toBe(MANY);
  });

  test('hybrid: v2 is mounted too, without the cpu controller', () => {
    const files = at('/docker/abc', '300000');
    const unified = '34 28 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';
    expect(
      cpus({
        ...files,
        ...mounts(unified, V1_CPU),
        '/proc/self/cgroup': `${files['/proc/self/cgroup']}0::/docker/abc\n`,
      }),
    ).toBe(3);
  });
});

describe('a group outside of what is mounted (no cgroup namespace)', () => {
  const mounted = '30 28 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw';

  test('inside of the mounted part: from there up to its root', () => {
    const files = {
      ...mounts(mounted),
      '/proc/self/cgroup': '0::/docker/abc/app/worker\n',
      '/sys/fs/cgroup/app/cpu.max': '200000 100000',
      '/sys/fs/cgroup/cpu.max': '500000 100000',
    };
    expect(cpus(files)).toBe(2);
  });

  test.each(['/docker/other', '/docker', '/system.slice/x.service'])('%s: only the root is ours', (group) => {
    const files = {
      ...mounts(mounted),
      '/proc/self/cgroup': `0::${group}\n`,
      '/sys/fs/cgroup/cpu.max': '300000 100000',
      [`/sys/fs/cgroup${group}/cpu.max`]: '100000 100000', // another group's, which bears the same name
    };
    expect(cpus(files)).toBe(3);
  });

  test('the group of the mount itself', () => {
    const files = {
      ...mounts(mounted),
      '/proc/self/cgroup': '0::/docker/abc\n',
      '/sys/fs/cgroup/cpu.max': '700000 100000',
    };
    expect(cpus(files)).toBe(7);
  });
});

describe('affinity', () => {
  test.each([
    ['0-3,8', 5],
    ['0', 1],
    ['3', 1],
    ['0-63', 64],
    ['0-1,4-5,10', 5],
    ['0-127', 128],
  ])('%s is %d', (list, count) => {
    expect(cpus(allowed(list))).toBe(count);
  });

  test('the tighter of affinity and quota', () => {
    const quota = (max: string) => ({
      ...mounts(V2),
      '/proc/self/cgroup': '0::/app\n',
      '/sys/fs/cgroup/app/cpu.max': max,
    });
    expect(cpus({ ...allowed('0-3'), ...quota('200000 100000') })).toBe(2);
    expect(cpus({ ...allowed('0-3'), ...quota('900000 100000') })).toBe(4);
  });
});

describe('where /proc says little', () => {
  test('no /proc at all: what Node says', () => {
    expect(usableCpus(() => undefined, 6)).toBe(6);
    expect(usableCpus(() => undefined, 1)).toBe(1);
  });

  test('never less than 1', () => {
    expect(usableCpus(() => undefined, 0)).toBe(1);
  });

  test.each(['/proc/self/status', '/proc/self/cgroup', '/proc/self/mountinfo'])('%s is empty', (file) => {
    expect(cpus({ ...allowed('0-3'), ...mounts(V2), '/proc/self/cgroup': '0::/app\n', [file]: '' })).toBe(
      file === '/proc/self/status' ? MANY : 4,
    );
  });

  test('lines that are no mounts and no groups are passed over', () => {
    const files = {
      '/proc/self/mountinfo': `nonsense\n - \n\n1 2 - cgroup2\n${V2}\n`,
      '/proc/self/cgroup': 'nonsense\n::\n0::\n0::/app\n',
      '/sys/fs/cgroup/app/cpu.max': '200000 100000',
    };
    expect(cpus(files)).toBe(2);
  });
});

test('this machine: a whole number, no more than there are CPUs', () => {
  const count = usableCpus();
  expect(Number.isInteger(count)).toBe(true);
  expect(count).toBeGreaterThanOrEqual(1);
  expect(count).toBeLessThanOrEqual(os.cpus().length);
});
