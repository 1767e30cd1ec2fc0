import { ftruncateSync, openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MAX_WORKERS, Slot, SlotState } from '../../dist/load-table.js';
import { python } from '../helpers/channel-pair.ts';
import { isCloseOnExec, leavesNothingOpen, namesDescriptors } from '../helpers/descriptors.ts';
import { addon, listen } from '../helpers/native.ts';
import { run } from '../helpers/script.ts';
import { thrown } from '../helpers/thrown.ts';

const { Channel, LoadTable, LoopStamp, closeFd, layout } = addon;

test('a slot is a cache line, and every field lies within it, apart from the others', () => {
  const { headerSize, slotSize, used, ...fields } = layout;
  expect([headerSize, slotSize]).toEqual([64, 64]);
  const bytes = Object.entries(fields).flatMap(([name, offset]) =>
    Array.from({ length: name === 'stamp' ? 8 : 4 }, (_, i) => offset + i),
  );
  expect(new Set(bytes).size).toBe(bytes.length);
  expect(Math.max(...bytes)).toBeLessThan(64);
  expect(fields.stamp % 8).toBe(0);
  expect(used).toBeLessThan(headerSize);
});

test('two mappings of one table see the same, and the counters wrap', () => {
  const table = new LoadTable({ slots: MAX_WORKERS });
  const other = new LoadTable({ shared: table.share() });
  expect(other.slots()).toBe(MAX_WORKERS);
  const [writer, reader] = [new Slot(table, 200), new Slot(other, 200)];
  writer.begin();
  for (let i = 0; i < 5; i++) writer.countAccepted();
  writer.active = 3;
  expect(reader.read()).toEqual({ active: 3, accepted: 5, untaken: 0, stamp: 0n, isIdle: false });
  writer.state = SlotState.ready;
  expect(new Slot(other, 199).read()).toEqual({
    active: 0,
    accepted: 0,
    untaken: 0,
    stamp: 0n,
    isIdle: false,
  });
});

/** Where a table is shared as a descriptor. */
const testDescriptor = test.runIf(namesDescriptors);

test.skipIf(namesDescriptors)(
  'a name that nobody gave to a table is refused, and leaves nothing open',
  async () => {
    const table = new LoadTable({ slots: 1 });
    const name = table.share();
    table.close();
    for (const shared of [name, 'Local\\evenkeel-0', '']) {
      await leavesNothingOpen(50, () => {
        expect(thrown(() => new LoadTable({ shared }))).toMatchObject({ syscall: 'OpenFileMapping' });
      });
    }
  },
);

testDescriptor('what is no load table is refused, and closed', async () => {
  const socket = listen();
  await leavesNothingOpen(200, () => {
    expect(() => new LoadTable({ shared: socket.share() })).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
  });
  expect(() => new LoadTable({ shared: 9999 })).toThrow(expect.objectContaining({ code: 'EBADF' }));
  for (const slots of [0, 5000]) expect(() => new LoadTable({ slots })).toThrow(RangeError);
  expect(() => new Slot(new LoadTable({ slots: 2 }), 2)).toThrow(RangeError);
  expect(() => new LoopStamp(new LoadTable({ slots: 2 }), 2)).toThrow(RangeError);
});

testDescriptor('what is shared is closed in programs started, and cannot be resized under anybody', () => {
  const table = new LoadTable({ slots: 2 });
  const fd = table.share();
  expect(isCloseOnExec(fd)).toBe(true);
  for (const size of [0, 64, 1 << 20]) {
    expect(thrown(() => ftruncateSync(fd, size)).code).toBe('EPERM');
  }
  closeFd(fd);
});

/** A descriptor that python3 made: whatever `make` leaves in `fd`. */
function foreign(make: string): number {
  const channel = new Channel(
    () => {},
    () => {},
  );
  const script = `
def table(magic=0x45764b31, slots=2, size=192, seals=2):
    fd = os.memfd_create('x', os.MFD_ALLOW_SEALING)
    os.write(fd, struct.pack('<II', magic, slots))
    os.ftruncate(fd, size)
    fcntl.fcntl(fd, 1033, seals) # F_ADD_SEALS; 2: F_SEAL_SHRINK
    return fd
fd = ${make}
send(message(fds=1), fd)`;
  python(channel.peerFd(), script);
  const fd = channel.receiveNow()?.fd ?? -1;
  channel.close();
  return fd;
}

testDescriptor('a table of the same shape, whoever made it, is one', () => {
  expect(new LoadTable({ shared: foreign('table()') }).slots()).toBe(2);
});

describe.runIf(namesDescriptors)('a descriptor', () => {
  test.each([
    ['that may shrink: reading it could be a SIGBUS', 'table(seals=0)'],
    ['with another magic', 'table(magic=1)'],
    ['that lies of its slots', 'table(slots=3)'],
    ['that lies by 4 billion', 'table(slots=0xffffffff)'],
    ['without a slot', 'table(slots=0, size=64)'],
    ['that is empty', 'table(size=0)'],
  ])('a table %s is refused, and closed', async (_name, make) => {
    await leavesNothingOpen(2, () => {
      const error = thrown(() => new LoadTable({ shared: foreign(make) }));
      expect(error).toMatchObject({ code: 'EINVAL', errno: -22, syscall: 'mmap' });
    });
  });

  test.each(['/etc/hosts', '/dev/null', '/'])('%s is no table, and closed', async (file) => {
    await leavesNothingOpen(200, () => {
      expect(thrown(() => new LoadTable({ shared: openSync(file) })).code).toBe('EINVAL');
    });
  });
});

testDescriptor('nobody refers to it: unmapped, and its descriptor closed', () => {
  const script = `
    import { readdirSync, readFileSync } from 'node:fs';
    const { LoadTable } = binding();
    const left = () => readFileSync('/proc/self/maps', 'utf8').split('evenkeel-load-table').length - 1;
    const before = readdirSync('/proc/self/fd').length;
    (() => { for (let i = 0; i < 200; i++) new LoadTable({ slots: 1 }).buffer(); })();
    const after = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 100 && left() > 0; i++) { globalThis.gc(); await turn(); }
    console.log(after - before > 0, left(), readdirSync('/proc/self/fd').length - before);`;
  expect(run(script)).toBe('true 0 0');
});
