import type { Address, Worker } from 'node:cluster';

/** A worker's states, as design and status name them. `waiting`: dead, and to be forked again later. */
export type WorkerState = 'starting' | 'ready' | 'draining' | 'waiting' | 'dead';

/** One of the places of a fleet: the worker that has it now, and what became of those before. */
export class Seat {
  readonly index: number;
  /** Counts from 1; a reload begins the next one. */
  readonly generation: number;
  worker: Worker | undefined;
  state: WorkerState = 'dead';
  /** Failures in a row: deaths without having lived for minUptime. */
  failures = 0;
  startedAt = 0;
  /** When a worker begins here again, by Date.now(), while nobody is. */
  nextStartAt: number | undefined;
  /** Whom its worker is to replace, until it is ready: if it fails before, the other stays. */
  replaces: Seat | undefined;
  /** Its worker is the last one here. */
  isLeaving = false;
  /** Where its worker listens, or did until it drained or died, as addressOf() puts it. */
  readonly addresses = new Set<string>();
  /** Its worker has said 'ready'. */
  saidReady = false;
  /** Why its worker is being killed. */
  failure: string | undefined;
  respawn: NodeJS.Timeout | undefined;
  /** When that is, by Date.now(). */
  kill: NodeJS.Timeout | undefined;

  constructor(index: number, generation: number) {
    this.index = index;
    this.generation = generation;
  }

  get label(): string {
    return `worker ${this.worker?.id ?? '-'} (pid ${this.worker?.process.pid ?? '-'})`;
  }

  /** A process runs here. */
  get isAlive(): boolean {
    return this.state === 'starting' || this.state === 'ready' || this.state === 'draining';
  }

  /** Another worker begins here. */
  begin(worker: Worker): void {
    this.worker = worker;
    this.startedAt = Date.now();
    this.nextStartAt = undefined;
    this.addresses.clear();
    this.saidReady = false;
    this.failure = undefined;
  }

  /** Where the worker it replaces listens, and its own has not. */
  get missing(): string[] {
    return [...(this.replaces?.addresses ?? [])].filter((address) => !this.addresses.has(address));
  }

  /** Node keeps the handle of a spawn that failed for EMFILE, with pid 0: its kill() would end this whole
   * process group. */
  signal(signal: NodeJS.Signals): void {
    if (this.worker?.process.pid) this.worker.process.kill(signal);
  }

  clearTimers(): void {
    clearTimeout(this.respawn);
    clearTimeout(this.kill);
  }
}

/** '127.0.0.1:8080', '[::1]:8080', '*:8080' for all addresses, or a path. */
export function addressOf({ address, port, addressType }: Address): string {
  if (addressType === -1) return address;
  const isAny = address === null || address === '::' || address === '0.0.0.0';
  const host = isAny ? '*' : address.includes(':') ? `[${address}]` : address;
  const protocol = String(addressType).startsWith('udp') ? 'udp:' : '';
  return `${protocol}${host}:${port}`;
}
