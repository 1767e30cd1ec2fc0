import { once } from 'node:events';
import net from 'node:net';
import { onTestFinished } from 'vitest';
import { Fleet, fixture } from './fleet.ts';
import type { Privilege } from './privileges.ts';

/** A fleet behind kernel port sharing. */
export function sharing(
  file: string,
  workers: number,
  policy: string,
  { before }: Pick<Privilege, 'before'>,
  args: string[] = [],
  env: Record<string, string> = {},
): Fleet {
  // A machine with much to do may take longer to start them than the default.
  const every = ['-w', String(workers), '--listen-timeout', '20000'];
  const all = [fixture(file), ...every, '-s', 'reuse-port', '-p', policy, ...args];
  return new Fleet(all, env, [], '', before);
}

/** Connections of tcp-pid.mjs, made one after another and held until the test ends: by the worker each has. */
export class Held {
  readonly #port: number;
  readonly #byPid = new Map<number, number>();

  constructor(port: number) {
    this.#port = port;
  }

  async add(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const pid = await this.next((socket) =>
        socket.once('close', () => this.#byPid.set(pid, (this.#byPid.get(pid) ?? 0) - 1)),
      );
      this.#byPid.set(pid, (this.#byPid.get(pid) ?? 0) + 1);
    }
  }

  /** The worker of one more, which is held where `hold` is given, and ended at once where it is not. */
  async next(hold?: (socket: net.Socket) => void): Promise<number> {
    const socket = net.connect(this.#port, '127.0.0.1');
    onTestFinished(() => {
      socket.destroy();
    });
    const [pid] = await once(socket, 'data');
    socket.on('error', () => {}); // its worker is killed
    if (hold === undefined) socket.end();
    else hold(socket);
    return Number(pid);
  }

  /** How many each worker has that has any. */
  counts(): number[] {
    return [...this.#byPid.values()].filter((count) => count > 0);
  }

  pids(): number[] {
    return [...this.#byPid.keys()];
  }
}

/** A request on a connection of its own, made before this resolves: the answer's first line and its pid, and
 * how it ended where there is none. */
export async function ask(port: number): Promise<{ answer: Promise<string>; isAnswered: () => boolean }> {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  let isAnswered = false;
  const answer = new Promise<string>((resolve) => {
    socket.setEncoding('utf8').on('data', (data: string) => {
      text += data;
      isAnswered = true;
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(`${code}`));
    socket.on('close', () => resolve(text === '' ? 'empty' : text));
  });
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  return { answer, isAnswered: () => isAnswered };
}

/** The worker that answered; fails where none did. */
export function answerer(answer: string): number {
  const pid = /^HTTP\/1\.1 200 OK\r\n[\s\S]*?\r\n\r\n\D*?(\d+)/.exec(answer)?.[1];
  if (pid === undefined) throw new Error(`no answer: ${answer}`);
  return Number(pid);
}
