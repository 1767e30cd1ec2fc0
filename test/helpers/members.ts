import { onTestFinished } from 'vitest';
import type { Dispatcher, DispatchPolicy, LayoutField, NativeLoadTable } from '../../dist/binding.js';
import { Slot } from '../../dist/load-table.js';
import { identity } from './descriptors.ts';
import { addon, closing, listen } from './native.ts';

const { Dispatcher: DispatcherClass, Intake, Lane, LoadTable, closeFd, layout } = addon;

/** native/pick.h */
export const MAX_DEPTH = 32;
/** native/burst.h */
export const MAX_BURST = 16;

export interface Taken {
  lease: number;
  hops: number;
  fd: number;
}

/** A member whose worker takes nothing until take(). Its loop turns and turns, as far as anybody can see,
 * unless it sleeps or blocks. */
export class Member {
  readonly lane;
  readonly lease: number;
  readonly slot: Slot;
  readonly bursts: number[] = [];
  /** Empty bursts: only to wake it. */
  nudges = 0;
  readonly #intake;
  readonly #fields: Uint32Array;
  readonly #stamp: BigUint64Array;
  readonly #taken: Taken[] = [];

  constructor(lease: number, table: NativeLoadTable) {
    this.lease = lease;
    this.slot = new Slot(table, lease);
    this.lane = closing(new Lane(table, lease));
    this.lane.setWorker(process.pid);
    const fds = new Int32Array(MAX_BURST);
    this.#intake = new Intake(
      table,
      lease,
      this.lane.share(),
      fds,
      (of, hops, count) => {
        this.bursts.push(count);
        for (const fd of fds.slice(0, count)) {
          this.#taken.push({ lease: of, hops, fd });
          onTestFinished(() => closeFd(fd));
        }
      },
      (error) => {
        throw error;
      },
    );
    onTestFinished(() => this.#intake.stop());
    const base = layout.headerSize + lease * layout.slotSize;
    this.#fields = new Uint32Array(table.buffer(), base, layout.slotSize / 4);
    this.#stamp = new BigUint64Array(table.buffer(), base + layout.stamp, 1);
    this.turn();
  }

  turn(): void {
    this.set('idle', 0);
    this.set('depth', MAX_DEPTH);
    this.#stamp[0] = process.hrtime.bigint() + 3_600_000_000_000n; // looks as if it were now for an hour
  }

  /** Its loop has just turned. */
  stampNow(): void {
    this.#stamp[0] = process.hrtime.bigint();
  }

  /** As its loop would before it sleeps. Nothing it is sent wakes it. */
  sleep(): void {
    this.set('idle', 1);
    this.#stamp[0] = process.hrtime.bigint();
  }

  /** As if a callback had begun so many ns ago that does not end. */
  block(since = 1_000_000_000n): void {
    this.set('idle', 0);
    const now = process.hrtime.bigint(); // since the machine's start, which may be later than that
    this.#stamp[0] = now > since ? now - since : 1n;
  }

  set(field: 'idle' | 'depth' | 'taken' | 'accepted' | 'closed', value: number): void {
    this.scribble(field, value);
  }

  /** Any field, as anybody who has the table can. */
  scribble(field: LayoutField, value: number): void {
    this.#fields[layout[field] / 4] = value;
  }

  /** What it took last it sends back; the test has to offer it. */
  giveBack(): void {
    this.#intake.returned();
    this.lane.returned();
  }

  /** Its process ends. */
  end(): void {
    this.#intake.stop();
    this.lane.close();
  }

  /** Takes everything sent, as the worker: what there was. */
  take(): Taken[] {
    for (let bursts = this.bursts.length; this.#intake.take(); bursts = this.bursts.length) {
      if (this.bursts.length === bursts) this.nudges++;
    }
    return this.#taken.splice(0);
  }
}

/** A dispatcher, and members that `join` makes its own. */
export function fleet(
  count: number,
  policy: DispatchPolicy = 'round-robin',
  slots = 16,
): {
  table: NativeLoadTable;
  dispatcher: Dispatcher;
  members: Member[];
  join: (member: Member) => void;
} {
  const table = new LoadTable({ slots });
  const dispatcher = closing(new DispatcherClass(table, policy, 1));
  const members = Array.from({ length: count }, (_, i) => new Member(i + 1, table));
  const join = (member: Member) => dispatcher.add(member.lane, member.lease);
  return { table, dispatcher, members, join };
}

/** A descriptor that stands for an accepted connection. */
export const connection = (): number => listen().share();

/** So many of them, and what each is wherever it goes. */
export function connectionsToOffer(count: number): { fd: number; what: string | undefined }[] {
  return Array.from({ length: count }, () => {
    const fd = connection();
    return { fd, what: identity(fd) };
  });
}

/** What the connections are that a member was sent. */
export const whatCame = (taken: Taken[]): (string | undefined)[] => taken.map(({ fd }) => identity(fd));
