import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import type {
  GroupPolicy,
  ListenSocket,
  ListenSocketOptions,
  NativeLoadTable,
  Selector,
} from '../../dist/binding.js';
import { identity } from './descriptors.ts';
import { TableView } from './gatekeeper.ts';
import { addon, closing, LOOPBACK, listen } from './native.ts';

/** Why the kernel takes no program of ours here, if it does not. */
export const refused: string | undefined = (() => {
  try {
    const table = new addon.LoadTable({ slots: 1, inKernel: true });
    new addon.Selector(table, 'least-connections', 'ebpf', 0).close();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
})();

export type ExactPolicy = GroupPolicy & ('round-robin' | 'least-connections');

/** A reuseport group of this process under a selector program. */
export class SelectorGroup {
  readonly table: NativeLoadTable;
  readonly view: TableView;
  readonly selector: Selector;
  readonly members: ListenSocket[];
  readonly port: number;

  constructor(policy: ExactPolicy, count: number, options: ListenSocketOptions = LOOPBACK, slots = 256) {
    this.table = new addon.LoadTable({ slots, inKernel: true });
    this.view = new TableView(this.table.buffer());
    this.selector = closing(new addon.Selector(this.table, policy, 'ebpf', 0));
    const first = listen(options);
    this.port = first.address().port;
    first.allowReusePort();
    this.members = [first];
    while (this.members.length < count) this.join();
  }

  join(): ListenSocket {
    const [first] = this.members as [ListenSocket];
    const member = closing(first.member());
    this.members.push(member);
    return member;
  }

  /** The slot of each member, null where it is not eligible; by default its index. */
  apply(slots: (number | null)[] = this.members.map((_, i) => i), members = this.members): void {
    this.selector.apply(
      members.map((socket, i) => {
        const slot = slots[i] ?? null;
        return { socket, slot: slot ?? 0, eligible: slot !== null, load: 0 };
      }),
    );
  }

  /** A connection comes and goes: whose it was. */
  async arrival(host = '127.0.0.1'): Promise<number> {
    const client = net.connect({ port: this.port, host });
    await once(client, 'connect');
    try {
      // What ends the handshake may still be on its way.
      for (const end = performance.now() + 5000; performance.now() < end; ) {
        for (const [index, member] of this.members.entries()) {
          const fd = member.accept();
          if (fd < 0) continue;
          addon.closeFd(fd);
          return index;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      throw new Error('it arrived nowhere');
    } finally {
      client.resetAndDestroy(); // no port is left in TIME_WAIT
    }
  }

  /** How many of so many connections, one after another, came to each. */
  async arrivals(count: number, host?: string): Promise<number[]> {
    const counts = this.members.map(() => 0);
    for (let i = 0; i < count; i++) {
      const index = await this.arrival(host);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    return counts;
  }
}

/** What the program has to choose, by what native/linux/bpf/selectors.bpf.c says of it. */
export class SelectorModel {
  #turn = 0;
  /** When it was last chosen who has that place in the list. */
  readonly #chosen: number[] = [];
  readonly #policy: ExactPolicy;

  constructor(policy: ExactPolicy) {
    this.#policy = policy;
  }

  /** Of the eligible slots, in the order of their members. */
  choose(slots: number[], loadOf: (slot: number) => number): number {
    const turn = this.#turn++;
    if (this.#policy === 'round-robin') return slots[turn % slots.length] as number;
    const now = turn + 1;
    const ranks = slots.map((slot, place) => {
      const lately = ((this.#chosen[place] ?? 0) - now) & 0xffffff;
      return [loadOf(slot), lately, place] as const;
    });
    const [, , best] = ranks.reduce((a, b) => (isBefore(b, a) ? b : a));
    this.#chosen[best] = now;
    return slots[best] as number;
  }
}

type Rank = readonly [load: number, lately: number, place: number];

function isBefore(a: Rank, b: Rank): boolean {
  const i = a.findIndex((number, k) => number !== b[k]);
  return i >= 0 && (a[i] as number) < (b[i] as number);
}

/** Connections of the slot's worker as the program sees them. */
export function loadOf(view: TableView, slot: number): number {
  const [assigned, adjust, closed] = (['assigned', 'adjust', 'closed'] as const).map((field) =>
    view.get(slot, field),
  ) as [number, number, number];
  return Math.max(0, (assigned + adjust - closed) | 0);
}

/** This process's descriptors of BPF maps and programs. */
export function bpfDescriptors(): number[] {
  const fds = readdirSync('/proc/self/fd').map(Number);
  return fds.filter((fd) => identity(fd)?.startsWith('anon_inode:bpf-'));
}
