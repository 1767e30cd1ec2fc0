import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import type { SocketAddress } from './binding.js';
import { usableCpus } from './cpus.js';
import type { Load } from './load-table.js';
import type { Log } from './log.js';
import { METRICS_CONTENT_TYPE, Metrics } from './metrics/metrics.js';
import { parseWorkers } from './options.js';
import { PreStopDelay } from './pre-stop-delay.js';
import type { Balancer } from './primary/balancer.js';
import type { Reload, ReloadOutcome } from './primary/generations.js';
import { processFacts } from './primary/process-facts.js';
import type { Seat, WorkerState } from './primary/seat.js';
import type { Supervisor } from './primary/supervisor.js';
import type { Unresponsive } from './primary/unresponsive.js';
import type { Rescue, WorkerHandle } from './primary/worker-handle.js';
import type { Selection } from './strategies/select.js';
import type { Upgraded } from './takeover/upgrade.js';

export interface WorkerStatus {
  /** Its place in the fleet, from 0: the same over restarts and reloads. Two have it while one replaces the other. */
  index: number;
  /** node:cluster's id of the process that has this place now, or had it last. */
  id: number | undefined;
  pid: number | undefined;
  state: WorkerState;
  /** Open connections; undefined where node:cluster itself serves. */
  connections: number | undefined;
  /** Connections begun since the process started. */
  accepted: number | undefined;
  /** Times its event loop was blocked while connections waited for it; `reuse-port` only. */
  stalls: number | undefined;
  /** Connections given to other workers then. */
  rescued: number | undefined;
  restarts: number;
  /** Failures in a row: deaths within `minUptime` of the start. From 3 on it is a crash loop. */
  failures: number;
  /** Milliseconds until a worker begins in this place; undefined where one runs. */
  nextStart: number | undefined;
  /** Counts from 1; each reload begins the next one. */
  generation: number;
  /** Milliseconds. */
  uptime: number;
  /** Resident memory, bytes; Linux only, as is `cpuSeconds`. */
  rss: number | undefined;
  /** Processor time the process has used, seconds. */
  cpuSeconds: number | undefined;
  /** Milliseconds since its event loop last turned; 0 while it has nothing to do. */
  loopDelay: number | undefined;
}

export interface ListenerStatus extends SocketAddress {
  protocol: 'http' | 'https' | 'tls' | 'tcp';
}

/** `stopping`: from the signal to end on, though it may go on serving for `preStopDelay`. */
export type FleetPhase = 'starting' | 'running' | 'stopping' | 'stopped';

export interface FleetStatus {
  /** Of its control socket, where it has one. */
  name: string;
  pid: number;
  phase: FleetPhase;
  /** Milliseconds. */
  uptime: number;
  strategy: Selection['strategy'];
  policy: Selection['policy'];
  listeners: ListenerStatus[];
  /** Of the workers that come now. */
  generation: number;
  /** Connections no worker has yet; undefined where node:cluster itself serves. */
  queued: number | undefined;
  reloading: boolean;
  lastReload: ReloadOutcome | undefined;
  /** How many workers are wanted. */
  size: number;
  /** More than the fleet has places while some are replaced. */
  workers: WorkerStatus[];
}

export interface FleetEvents {
  /** A worker's state changed. */
  worker: [worker: WorkerStatus];
  /** The fleet listens on a further address. */
  listener: [listener: ListenerStatus];
  /** A worker failed again and again right after its start; next try in `delay` ms. */
  crashLoop: [worker: WorkerStatus, delay: number];
  /** A worker's event loop is blocked, and connections wait for it: they go to others now. `reuse-port` only. */
  stall: [worker: WorkerStatus];
  /** It turns again: how long that took, and how many connections went to others. Not where it died first. */
  rescue: [worker: WorkerStatus, rescue: Rescue];
  /** A worker's event loop has not turned for `unresponsiveTimeout`; it is killed after this, unless somebody may be
   * debugging it. */
  unresponsive: [worker: WorkerStatus, report: Unresponsive];
  /** A reload begins. */
  reloadStart: [generation: number];
  reloadEnd: [reload: Reload];
  /** Another process has taken this one's place behind its ports. This fleet ends by itself, with `stop`. */
  upgraded: [upgraded: Upgraded];
  phase: [phase: FleetPhase];
  /** Every process has ended. */
  stop: [];
}

/** Has another process take this one's place; `onReleased` is called in the moment it does. */
export type Upgrade = (onReleased: (upgraded: Upgraded) => void) => Promise<Upgraded>;

/** A running set of workers behind the ports they listen on. Made by start(). */
export class Fleet extends EventEmitter<FleetEvents> {
  /** Of its control socket, where it has one. */
  readonly name: string;
  /** What was chosen, and why. */
  readonly selection: Selection;
  readonly #supervisor: Supervisor;
  readonly #balancer: Balancer | undefined;
  readonly #metrics: Metrics;
  readonly #upgrade: Upgrade;
  readonly #preStopDelay = new PreStopDelay();
  #phase: FleetPhase = 'starting';
  #metricsAddress: SocketAddress | undefined;
  #agentCheckAddress: SocketAddress | undefined;

  readonly #startedAt = Date.now();

  /** @internal */
  constructor(
    name: string,
    selection: Selection,
    supervisor: Supervisor,
    balancer: Balancer | undefined,
    upgrade: Upgrade,
    log: Log,
  ) {
    super();
    this.name = name;
    this.selection = selection;
    this.#supervisor = supervisor;
    this.#balancer = balancer;
    this.#upgrade = upgrade;
    supervisor.on('worker', (seat) => this.emit('worker', this.#describe(seat)));
    supervisor.on('crashLoop', (seat, delay) => this.emit('crashLoop', this.#describe(seat), delay));
    supervisor.on('unresponsive', (seat, report) => this.emit('unresponsive', this.#describe(seat), report));
    supervisor.on('reloadStart', (generation) => this.emit('reloadStart', generation));
    supervisor.on('reloadEnd', (reload) => this.emit('reloadEnd', reload));
    supervisor.on('start', () => this.#enter('running'));
    supervisor.on('stopping', () => this.#enter('stopping'));
    supervisor.on('stop', () => {
      this.#enter('stopped');
      this.emit('stop');
    });
    this.#metrics = new Metrics(
      this,
      () => this.#readyWorkers(),
      () => balancer?.waiting(),
      log,
    );
  }

  /** @internal A worker's process is gone; its slot is not yet. */
  onEnd(handle: WorkerHandle): void {
    const seat = this.#supervisor.seats.find((one) => one.worker === handle.worker);
    if (seat !== undefined) this.#metrics.observe(this.#describe(seat));
  }

  /** @internal */
  onStall(handle: WorkerHandle, rescue?: Rescue): void {
    const seat = this.#supervisor.seats.find((one) => one.worker === handle.worker);
    if (seat === undefined) return;
    if (rescue === undefined) this.emit('stall', this.#describe(seat));
    else this.emit('rescue', this.#describe(seat), rescue);
  }

  status(): FleetStatus {
    const { strategy, policy } = this.selection;
    const { generations, size, seats } = this.#supervisor;
    const { current: generation, isReloading, lastReload } = generations;
    return {
      name: this.name,
      pid: process.pid,
      phase: this.#phase,
      uptime: Date.now() - this.#startedAt,
      strategy,
      policy,
      listeners: [...(this.#balancer?.listeners ?? [])].map(({ address, protocol }) => ({
        ...address,
        protocol,
      })),
      generation,
      queued: this.#balancer?.waiting(),
      reloading: isReloading,
      lastReload,
      size,
      workers: seats.map((seat) => this.#describe(seat)),
    };
  }

  /** Replaces every worker by one of the present code and environment (`envFrom`), one after another, with no
   * request lost: the new one gets connections when it is ready, that is when it listens wherever the old one does
   * (and has said so, with `waitReady`), and the old one ends when it has answered what it has. Resolves when every
   * old one has ended.
   *
   * One that is asked for while another is under way begins after it.
   *
   * @throws EvenkeelError ERR_RELOAD_FAILED where a new worker does not become ready within `listenTimeout`: what
   *   has not been replaced goes on serving. ERR_STOPPED. */
  reload(): Promise<void> {
    return this.#supervisor.reload();
  }

  /** Changes how many workers there are: 1 to 256. Resolves when those that come are ready, or have had
   * `listenTimeout` for it, and those that go have ended. After a reload under way.
   * @throws EvenkeelError ERR_INVALID_OPTION, ERR_STOPPED */
  async scale(workers: number): Promise<void> {
    const count = parseWorkers(workers);
    return this.#supervisor.scale(count === 'auto' ? usableCpus() : count);
  }

  /** Replaces the primary, too, with no port closed and no request lost: starts this program once more, by the command
   * it was started with, which takes over the listening sockets when all of its workers are ready. Then this fleet's
   * workers end as in a reload, and the fleet with them (`stop`); a program that has nothing else to do ends, too.
   * Resolves when the new process serves.
   *
   * Linux. Not in process 1 of a container, and not where workers listen on Unix sockets or UDP.
   *
   * @throws EvenkeelError ERR_UPGRADE_FAILED, with the reason: the new process has ended, and this one goes on;
   *   ERR_UNSUPPORTED, ERR_STOPPED; the system's error where it cannot be started */
  upgrade(): Promise<Upgraded> {
    return this.#upgrade((upgraded) => this.emit('upgraded', upgraded));
  }

  /** The fleet and its workers, the primary's process, and what an application measures with prom-client, in
   * Prometheus' text format. Also after the fleet's end. */
  metrics(): Promise<string> {
    return this.#metrics.text();
  }

  /** Where metrics and probes are served, if they are; see `metrics` of StartOptions. */
  get metricsAddress(): SocketAddress | undefined {
    return this.#metricsAddress;
  }

  /** @internal */
  onMetricsServed(address: SocketAddress): void {
    this.#metricsAddress = address;
  }

  /** Where HAProxy's agent-check is answered, if it is; see `agentCheck` of StartOptions. */
  get agentCheckAddress(): SocketAddress | undefined {
    return this.#agentCheckAddress;
  }

  /** @internal */
  onAgentCheckServed(address: SocketAddress): void {
    this.#agentCheckAddress = address;
  }

  /** What metrics() is. */
  get metricsContentType(): string {
    return METRICS_CONTENT_TYPE;
  }

  /** Stops new connections, lets every request finish, ends every worker; what is left after killTimeout
   * is killed. With `force`, kills at once, also while a drain is under way. With `delay`, the fleet says from now on
   * that it stops, and serves for so many ms more; a second stop() ends that. Never rejects. */
  async stop({ force = false, delay = 0 }: { force?: boolean; delay?: number } = {}): Promise<void> {
    if (delay > 0 && !force) {
      this.#supervisor.announceStop();
      await this.#preStopDelay.wait(delay);
    }
    this.#preStopDelay.end();
    return this.#supervisor.stop({ force });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #enter(phase: FleetPhase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.emit('phase', phase);
  }

  #readyWorkers(): Worker[] {
    return this.#supervisor.seats.flatMap(({ state, worker }) =>
      state === 'ready' && worker !== undefined ? [worker] : [],
    );
  }

  #describe(seat: Seat): WorkerStatus {
    const { worker, state, restarts, generation, startedAt, nextStartAt = 0, isAlive } = seat;
    const handle = isAlive && worker !== undefined ? this.#balancer?.workerHandle(worker) : undefined;
    const load = handle?.slot.read();
    const facts = isAlive ? processFacts(worker?.process.pid ?? 0) : undefined;
    return {
      index: seat.index,
      id: worker?.id,
      pid: worker?.process.pid,
      state,
      connections: load?.active,
      accepted: load?.accepted,
      stalls: handle?.stalls,
      rescued: handle?.rescued,
      restarts,
      failures: this.#supervisor.failuresOf(seat),
      nextStart: state === 'waiting' ? Math.max(0, nextStartAt - Date.now()) : undefined,
      generation,
      uptime: isAlive ? Date.now() - startedAt : 0,
      rss: facts?.rss,
      cpuSeconds: facts?.cpuSeconds,
      loopDelay: load === undefined ? undefined : loopDelay(load),
    };
  }
}

/** What a worker wrote last may be garbage: it is the worker's own figure that is wrong then. */
function loopDelay({ stamp, isIdle }: Load): number {
  if (isIdle || stamp === 0n) return 0;
  return Math.max(0, Number(process.hrtime.bigint() - stamp) / 1e6);
}
