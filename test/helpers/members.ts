import { onTestFinished } from 'vitest';
import type { Channel, ChannelMessage, Dispatcher, NativeLoadTable } from '../../dist/binding.js';
import { Slot } from '../../dist/load-table.js';
import { identity } from './descriptors.ts';
import { addon, closing, listen } from './native.ts';

const { Channel: ChannelClass, Dispatcher: DispatcherClass, LoadTable, closeFd } = addon;

/** pick.h */
export const MAX_DEPTH = 32;

/** A member whose worker takes nothing until take(). */
export class Member {
  readonly channel: Channel = closing(
    new ChannelClass(
      () => {},
      () => {},
    ),
  );
  readonly lease: number;
  readonly slot: Slot;

  constructor(lease: number, table: NativeLoadTable) {
    this.lease = lease;
    this.slot = new Slot(table, lease);
  }

  /** Takes everything sent, as the worker: what there was. */
  take(): ChannelMessage[] {
    const messages = this.channel.recover();
    for (const { fd } of messages) {
      this.slot.countTaken();
      onTestFinished(() => closeFd(fd));
    }
    return messages;
  }
}

/** A dispatcher, and members that `join` makes its own. */
export function fleet(count: number): {
  dispatcher: Dispatcher;
  members: Member[];
  join: (member: Member) => void;
} {
  const table = new LoadTable({ slots: 16 });
  const dispatcher = closing(new DispatcherClass(table));
  const members = Array.from({ length: count }, (_, i) => new Member(i + 1, table));
  const join = (member: Member) => dispatcher.add(member.channel, member.slot.index, member.lease);
  return { dispatcher, members, join };
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
export const whatCame = (messages: ChannelMessage[]): (string | undefined)[] =>
  messages.map(({ fd }) => identity(fd));
