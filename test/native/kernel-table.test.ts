import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MAX_WORKERS, Slot } from '../../dist/load-table.js';
import { descriptors, isCloseOnExec, leavesNothingOpen, openedSince } from '../helpers/descriptors.ts';
import { fixture, NODE } from '../helpers/fleet.ts';
import { addon, closing } from '../helpers/native.ts';
import { bpfDescriptors, refused } from '../helpers/selector-ebpf.ts';
import { thrown } from '../helpers/thrown.ts';

const { Bell, LoadTable, Selector, closeFd, layout } = addon;

if (refused !== undefined) console.warn(`SKIPPED: load tables in the kernel (${refused})`);

test('the programs, the addon and TypeScript are of one mind about the table', () => {
  // The fields' places are asserted where the addon is compiled; see native/linux/selector_ebpf.cc.
  const file = new URL('../../native/linux/bpf/layout.h', import.meta.url);
  const max = /EVENKEEL_MAX_MEMBERS = (\d+)/.exec(readFileSync(file, 'utf8'))?.[1];
  expect(Number(max)).toBe(MAX_WORKERS);
  expect(layout.headerSize).toBe(layout.slotSize); // both are elements of one map
});

describe.skipIf(refused !== undefined)('a load table in the kernel', () => {
  const table = (slots = 2) => new LoadTable({ slots, inKernel: true });

  test('two mappings of it see the same', () => {
    const first = table(MAX_WORKERS);
    const other = new LoadTable({ shared: first.share() });
    expect([first.slots(), other.slots()]).toEqual([MAX_WORKERS, MAX_WORKERS]);
    const slot = new Slot(first, MAX_WORKERS - 1);
    slot.begin();
    slot.countAccepted();
    expect(new Slot(other, MAX_WORKERS - 1).read()).toMatchObject({ active: 1, accepted: 1 });
  });

  test('another process opens it, without a privilege, and keeps no descriptor of it', () => {
    const shared = table();
    const fd = shared.share();
    const script = fixture('native/opens-a-table.mjs');
    const stdio = ['ignore', 'pipe', 'inherit', fd] as const;
    const output = execFileSync(NODE, [script], { encoding: 'utf8', stdio: [...stdio] });
    closeFd(fd);
    expect(JSON.parse(output)).toEqual({ slots: 2, bpf: [], share: 'EBADF' });
    expect(new Slot(shared, 1).read().accepted).toBe(1);
  });

  test.each([
    ['with another magic', 0, 1],
    ['without a slot', 1, 0],
    ['that lies of its slots', 1, 200],
    ['that lies of very many', 1, 4096],
    ['that lies by 4 billion', 1, 0xffff_ffff],
  ])('one %s is refused, and closed', async (_name, word, value) => {
    const own = table();
    await leavesNothingOpen(20, () => {
      const fd = own.share();
      new Uint32Array(own.buffer())[word] = value;
      expect(thrown(() => new LoadTable({ shared: fd }))).toMatchObject({ code: 'EINVAL', syscall: 'mmap' });
    });
  });

  test('what is no table, of the kernel as it may be, is refused', () => {
    expect(thrown(() => new LoadTable({ shared: new Bell().share() })).code).toBe('EINVAL');
    const own = table();
    const before = new Set(bpfDescriptors());
    closing(new Selector(own, 'round-robin', 'ebpf', 0));
    const others = bpfDescriptors().filter((fd) => !before.has(fd));
    // The program, the sockets' map and the group's.
    expect(others).toHaveLength(3);
    for (const fd of others) {
      // In another process: what is opened is closed then.
      const script = `
        const { binding } = await import(${JSON.stringify(new URL('../../dist/binding.js', import.meta.url))});
        try { new (binding().LoadTable)({ shared: 3 }) } catch ({ code }) { console.log(code) }`;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit', fd],
        encoding: 'utf8',
      });
      expect(stdout).toBe('EINVAL\n');
    }
  });

  test('selectors and tables that are closed leave nothing open', async () => {
    await leavesNothingOpen(100, () => {
      const own = table();
      for (const policy of ['round-robin', 'least-connections'] as const) {
        new Selector(own, policy, 'ebpf', 0).close();
      }
      new LoadTable({ shared: own.share() }).close();
      own.close();
    });
  });

  test('what could not be loaded leaves nothing open', async () => {
    const own = table();
    await leavesNothingOpen(100, () => thrown(() => new Selector(own, 'hash', 'ebpf', 0)));
  });

  test('no program that is started inherits a map or a program', () => {
    const before = descriptors();
    const own = table();
    closing(new Selector(own, 'least-connections', 'ebpf', 0));
    const fd = own.share();
    expect(openedSince(before)).toHaveLength(5); // the table twice, two more maps, the program
    expect(bpfDescriptors().every(isCloseOnExec)).toBe(true);
    const { stdout } = spawnSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
    expect(stdout).toContain('/proc/');
    expect(stdout).not.toContain('bpf');
    closeFd(fd);
  });
});
