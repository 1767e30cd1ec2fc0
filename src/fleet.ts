import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import type { SocketAddress } from './binding.js';
import { usableCpus } from './cpus.js';
import {
  type FleetPhase,
  type FleetStatus,
  type ListenerStatus,
  type WorkerStatus,
  workerStatus,
} from './fleet-status.js';
import type { Log } from './log.js';
import { METRICS_CONTENT_TYPE, Metrics } from './metrics/metrics.js';
import { parseWorkers } from './options.js';
import { PreStopDelay } from './pre-stop-delay.js';
import type { Balancer } from './primary/balancer.js';
import type { Reload } from './primary/generations.js';
import type { Seat } from './primary/seat.js';
import type { Supervisor } from './primary/supervisor.js';
import type { Unresponsive } from './primary/unresponsive.js';
import type { Rescue, WorkerHandle } from './primary/worker-handle.js';
import type { Selection } from './strategies/select.js';
import type { Upgraded } from './takeover/upgrade.js';

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
    const { worker, isAlive } = seat;
    const handle = isAlive && worker !== undefined ? this.#balancer?.workerHandle(worker) : undefined;
    const supervisor = this.#supervisor;
    return workerStatus(seat, handle, {
      failures: supervisor.failuresOf(seat),
      restarts: supervisor.restartsOf(seat),
    });
  }
}
