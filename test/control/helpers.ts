import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { ControlledFleet } from '../../dist/control/commands.js';
import type { Deadlines } from '../../dist/control/connection.js';
import { ControlServer } from '../../dist/control/server.js';
import type { FleetStatus, WorkerStatus } from '../../dist/index.js';

/** Control sockets of this process are in a folder of its own from here on. */
export function isolate(): { folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ek-'));
  process.env.XDG_RUNTIME_DIR = folder;
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Logged {
  level: string;
  message: string;
}

export function listLog(lines: Logged[] = []) {
  const at = (level: string) => (_facts: object, message: string) => void lines.push({ level, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), lines };
}

export function makeWorker(fields: Partial<WorkerStatus> = {}): WorkerStatus {
  return {
    id: 1,
    pid: 4711,
    state: 'ready',
    connections: 3,
    accepted: 100,
    stalls: 0,
    rescued: 0,
    restarts: 0,
    generation: 1,
    uptime: 60_000,
    failures: 0,
    nextStart: undefined,
    rss: 64 * 1024 * 1024,
    cpuSeconds: 6,
    loopDelay: 0,
    ...fields,
  };
}

export function makeStatus(fields: Partial<FleetStatus> = {}): FleetStatus {
  return {
    name: 'server',
    pid: 4700,
    uptime: 61_000,
    strategy: 'shared-handle',
    policy: 'least-connections',
    listeners: [{ address: '::', family: 'IPv6', port: 8080, protocol: 'http' }],
    generation: 1,
    queued: 0,
    reloading: false,
    lastReload: undefined,
    size: 1,
    workers: [makeWorker()],
    ...fields,
  };
}

/** A fleet that does what its test says, and notes what it is told. */
export function makeFleet(fields: Partial<ControlledFleet> = {}): ControlledFleet & { told: string[] } {
  const told: string[] = [];
  return {
    told,
    status: () => makeStatus(),
    reload: async () => void told.push('reload'),
    scale: async (workers) => void told.push(`scale ${workers}`),
    stop: async ({ force }) => void told.push(`stop ${force}`),
    ...fields,
  };
}

export async function serve(
  fleet: ControlledFleet,
  name: string | true = true,
  deadlines: Partial<Deadlines> = {},
  log = listLog(),
): Promise<ControlServer> {
  const server = await ControlServer.open({ name, entry: 'server.js', log, deadlines });
  server.serve(fleet);
  return server;
}

/** A client without manners. */
export class Peer {
  readonly socket: net.Socket;
  received = '';
  readonly closed: Promise<void>;

  constructor(where: string) {
    this.socket = net.connect(where);
    this.socket.setEncoding('utf8').on('data', (text: string) => {
      this.received += text;
    });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
  }

  async send(text: string | Uint8Array): Promise<void> {
    await new Promise((resolve) => this.socket.write(text, resolve));
  }

  /** Resolves when so many lines have come. */
  async lines(count: number): Promise<unknown[]> {
    const all = (): string[] => this.received.split('\n').slice(0, -1);
    while (all().length < count) {
      await new Promise<void>((resolve, reject) => {
        this.socket.once('data', () => resolve());
        this.socket.once('close', () => reject(new Error(`closed after ${all().length} lines`)));
      });
    }
    return all().map((line) => JSON.parse(line));
  }
}
