import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { eventually } from './requests.ts';

/** What a service manager hears: a datagram socket. Node has none of this kind. The kernel says who sent it. */
const RECEIVER = `
import socket, struct, sys, json
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
name = sys.argv[1]
s.bind('\\0' + name[1:] if name.startswith('@') else name)
print(json.dumps({'pid': 0, 'text': 'bound'}), flush=True)
while True:
    text, [(_, _, credentials)], _, _ = s.recvmsg(65536, socket.CMSG_SPACE(12))
    print(json.dumps({'pid': struct.unpack('3i', credentials)[0], 'text': text.decode()}), flush=True)
`;

/** One thing a service manager was told. */
export interface Notice {
  pid: number;
  text: string;
}

export class ServiceManager {
  readonly notices: Notice[] = [];
  readonly #process: ChildProcess;

  private constructor(readonly address: string) {
    this.#process = spawn('python3', ['-c', RECEIVER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.notices.push(JSON.parse(line)),
    );
    onTestFinished(() => {
      this.#process.kill('SIGKILL');
    });
  }

  /** @param kind of the socket's name */
  static async begin(kind: 'path' | 'abstract' = 'path'): Promise<ServiceManager> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-notify-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const name = path.join(folder, 'notify');
    const manager = new ServiceManager(kind === 'path' ? name : `@${name}`);
    await manager.hears('bound');
    return manager;
  }

  /** From whomever. */
  get heard(): string[] {
    return this.notices.map(({ text }) => text);
  }

  /** What changes the service's state, in order. */
  get states(): string[] {
    const lines = this.heard.map((text) => text.split('\n')[0] as string);
    return lines.filter((line) => !/^STATUS=|^WATCHDOG=|^bound$/.test(line));
  }

  async hears(what: string | RegExp): Promise<string> {
    const found = (): string | undefined =>
      this.heard.find((one) => (typeof what === 'string' ? one === what : what.test(one)));
    await eventually(() => found() !== undefined);
    return found() as string;
  }
}
