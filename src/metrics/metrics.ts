import type { Worker } from 'node:cluster';
import type { EventEmitter } from 'node:events';
import type { FleetEvents } from '../fleet.js';
import type { FleetStatus } from '../fleet-status.js';
import type { Log } from '../log.js';
import { ApplicationMetrics } from './application-metrics.js';
import { expose } from './exposition.js';
import { fleetFamilies } from './families.js';
import { type Glance, History } from './history.js';

type Measured = EventEmitter<FleetEvents> & { status(): FleetStatus };

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The metrics of a fleet: counts what happens from its beginning on, and looks at the rest when it is asked. */
export class Metrics {
  readonly #history: History;
  readonly #fleet: Measured;
  readonly #workers: () => Worker[];
  readonly #waiting: () => number | undefined;
  readonly #application: ApplicationMetrics;
  /** Who asks while another is being answered gets the same answer. */
  #inFlight: Promise<string> | undefined;

  /** @param workers those that serve, whose applications may have metrics of their own
   * @param waiting connections no worker has yet; undefined where node:cluster itself serves */
  constructor(fleet: Measured, workers: () => Worker[], waiting: () => number | undefined, log: Log) {
    this.#history = new History(fleet);
    this.#fleet = fleet;
    this.#workers = workers;
    this.#waiting = waiting;
    this.#application = new ApplicationMetrics(log);
  }

  /** A process has ended: its last counts. */
  observe(glance: Glance): void {
    this.#history.observe(glance);
  }

  text(): Promise<string> {
    this.#inFlight ??= this.#collect().finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  async #collect(): Promise<string> {
    const application = await this.#application.collect(this.#workers());
    const status = this.#fleet.status();
    for (const worker of status.workers) this.#history.observe(worker);
    return expose(fleetFamilies(status, this.#history, this.#waiting()), application);
  }
}
