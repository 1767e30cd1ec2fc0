// Workers that serve one request at a time, on cores that they share. Which request a worker gets is the
// discipline's: see disciplines.mjs.
import { random } from '../lib/random.mjs';
import { Heap } from './heap.mjs';

const BUSY = -1;

/** Plays a workload through; pure: the same for the same seed. Time is in ms.
 * @param {import('./workload.mjs').Workload} workload
 * @param {object} options
 * @param {number} options.workers each serves one request at a time, to its end
 * @param {number} [options.cores] of more workers at work than that, each gets the same share of them
 * @param {(fleet: Fleet) => Discipline} options.discipline
 * @param {number} [options.seed] of the discipline's random numbers
 * @returns {{began: Float64Array, ended: Float64Array, by: Int32Array, utilisation: number}} of each request when its
 * work began and ended, and which worker did it; the share of the cores that was at work until the last arrival
 *
 * @typedef {object} Discipline
 * @property {(request: number) => void} arrive
 * @property {(worker: number) => void} freed the worker has ended a request and is idle
 * @property {number} [due] when it wants act() to be called; Infinity: never
 * @property {() => void} [act] */
export function simulate({ at, work }, { workers, cores = workers, discipline, seed = 1 }) {
  const fleet = new Fleet(work, { workers, cores, seed });
  const chooser = discipline(fleet);
  const requests = at.length;
  let arrived = 0;
  let busy = 0; // core-ms until the last arrival
  for (;;) {
    const end = fleet.nextEnd;
    const due = chooser.due ?? Number.POSITIVE_INFINITY;
    const arrival = arrived < requests ? at[arrived] : Number.POSITIVE_INFINITY;
    const then = Math.min(end, due, arrival);
    if (then === Number.POSITIVE_INFINITY) break;
    const used = fleet.advance(then);
    if (arrived < requests) busy += used;
    // Of what happens at the same time, who is free is known first.
    if (then === end) chooser.freed(fleet.end());
    else if (then === due) chooser.act();
    else chooser.arrive(arrived++);
  }
  const capacity = requests === 0 ? 0 : at[requests - 1] * Math.min(workers, cores);
  return { ...fleet.columns, utilisation: capacity === 0 ? 0 : busy / capacity };
}

class Fleet {
  /** ms */
  now = 0;
  #work;
  #cores;
  #running; // workers, by the virtual time of their end
  #virtual = 0; // ms of work that a worker at work all the time would have done
  #serving; // request of each worker
  #idle; // workers: the first #idleCount
  #idleCount;
  #place; // of each worker in #idle; BUSY: it is at work

  constructor(work, { workers, cores, seed }) {
    this.workers = workers;
    this.requests = work.length;
    this.random = random(seed);
    this.columns = {
      began: new Float64Array(work.length).fill(Number.NaN),
      ended: new Float64Array(work.length).fill(Number.NaN),
      by: new Int32Array(work.length).fill(-1),
    };
    this.#work = work;
    this.#cores = cores;
    this.#running = new Heap(workers);
    this.#serving = new Int32Array(workers);
    this.#idle = Int32Array.from({ length: workers }, (_, i) => workers - 1 - i);
    this.#idleCount = workers;
    this.#place = this.#idle.slice(); // to begin with, the same: worker i at n - 1 - i
  }

  isIdle(worker) {
    return this.#place[worker] !== BUSY;
  }

  get hasIdle() {
    return this.#idleCount > 0;
  }

  /** Any worker that is idle, -1 where all are at work. */
  get anyIdle() {
    return this.#idleCount === 0 ? -1 : this.#idle[this.#idleCount - 1];
  }

  /** Has an idle worker begin a request. */
  serve(worker, request) {
    if (!this.isIdle(worker)) throw new Error(`worker ${worker} is at work and cannot take ${request}`);
    const last = this.#idle[--this.#idleCount];
    this.#idle[this.#place[worker]] = last;
    this.#place[last] = this.#place[worker];
    this.#place[worker] = BUSY;
    this.#serving[worker] = request;
    this.columns.began[request] = this.now;
    this.columns.by[request] = worker;
    this.#running.push(this.#virtual + this.#work[request], worker);
  }

  /** When the next worker will be done if nobody begins before. */
  get nextEnd() {
    if (this.#running.size === 0) return Number.POSITIVE_INFINITY;
    return this.now + Math.max(0, this.#running.leastKey - this.#virtual) / this.#speed;
  }

  /** Lets time pass; returns the core-ms used in it. */
  advance(then) {
    const passed = then - this.now;
    const used = passed * Math.min(this.#running.size, this.#cores);
    if (this.#running.size > 0) this.#virtual += passed * this.#speed;
    this.now = then;
    return used;
  }

  /** The next worker is done: returns it, idle. */
  end() {
    this.#virtual = this.#running.leastKey; // what was added up to it has been rounded
    const worker = this.#running.pop();
    this.columns.ended[this.#serving[worker]] = this.now;
    this.#place[worker] = this.#idleCount;
    this.#idle[this.#idleCount++] = worker;
    return worker;
  }

  /** ms of work that a worker does in a ms */
  get #speed() {
    return Math.min(1, this.#cores / this.#running.size);
  }
}
