import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { Channel, ChannelMessage } from '../../dist/binding.js';
import { fixture } from './fleet.ts';
import { addon } from './native.ts';
import { eventually } from './requests.ts';

/** What the other process reports; see fixtures/native/channel-end.mjs. */
export interface Report {
  ready?: true;
  closeOnExec?: boolean;
  came?: { type: number; lease: number; hops: number; payload: string; fd: boolean; closeOnExec: boolean };
  error?: { code: string; syscall: string };
  sent?: boolean;
  filled?: string;
  uncaught?: string;
}

/** A channel whose other end is in a process of its own, as a worker's is. */
export class ChannelPair {
  readonly messages: ChannelMessage[] = [];
  readonly errors: NodeJS.ErrnoException[] = [];
  readonly channel: Channel;
  readonly reports: Report[] = [];
  readonly child: ChildProcess;

  private constructor(limits: string) {
    this.channel = new addon.Channel(
      (message) => this.messages.push(message),
      (error) => this.errors.push(error),
    );
    const args = ['-c', `${limits} exec "$@"`, 'sh', process.execPath, fixture('native/channel-end.mjs')];
    this.child = spawn('sh', args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', this.channel.peerFd()],
    });
    this.child.on('message', (report: Report) => this.reports.push(report));
  }

  /** `limits`: shell commands that come first, `ulimit -n 40;` say. */
  static async open(limits = ''): Promise<ChannelPair> {
    const pair = new ChannelPair(limits);
    onTestFinished(async () => {
      pair.child.kill('SIGKILL');
      pair.channel.close();
    });
    await eventually(() => pair.reports.some(({ ready }) => ready === true));
    return pair;
  }

  tell(order: object): void {
    this.child.send(order);
  }

  /** What came over there, when `count` messages have. */
  async came(count: number): Promise<NonNullable<Report['came']>[]> {
    const all = () => this.reports.flatMap(({ came }) => (came === undefined ? [] : [came]));
    await eventually(() => all().length >= count);
    return all();
  }

  async end(how: 'leave' | 'exit'): Promise<void> {
    this.tell({ [how]: true });
    await once(this.child, 'exit');
  }
}

/** What a message is on the wire; see native/posix/message.cc. */
const PREAMBLE = `
import array, fcntl, os, socket, struct
s = socket.socket(fileno=3)
def message(magic=0x4d764b31, kind=6, hops=0, fds=0, lease=9, length=None, payload=b''):
    return struct.pack('<IBBHII', magic, kind, hops, fds, lease, len(payload) if length is None else length) + payload
def send(bytes, *fds):
    s.sendmsg([bytes], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else [])
`;

/** Writes to the channel's other end with python3, which is not bound to our rules: send(message(…), fd, …). */
export function python(fd: number, script: string): void {
  execFileSync('python3', ['-c', `${PREAMBLE}${script}`], { stdio: ['ignore', 'inherit', 'inherit', fd] });
}
