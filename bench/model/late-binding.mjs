import { Queues } from './queues.mjs';

/** One queue; but a worker is sent up to `ahead` requests before it can begin them, into a lane of its own. What has
 * lain in a lane for `after` ms while another worker is idle is taken back and given to that one. With nothing ahead it
 * is the central queue; with everything ahead and nothing taken back, requests are bound on arrival.
 * @param {object} options
 * @param {number} options.ahead
 * @param {number} [options.after] ms; Infinity: nothing is taken back
 * @param {boolean} [options.inTurn] sends to whoever has room in turn; otherwise to who is idle, or else has the fewest
 * in its lane */
export function lateBinding({ ahead, after = Number.POSITIVE_INFINITY, inTurn = false }) {
  return (fleet) => new LateBinding(fleet, { ahead, after, inTurn });
}

class LateBinding {
  due = Number.POSITIVE_INFINITY;
  #fleet;
  #options;
  #waiting;
  #lanes;
  #sentAt;
  #inLanes = 0;
  #last = -1; // who was sent one last

  constructor(fleet, options) {
    this.#fleet = fleet;
    this.#options = options;
    this.#waiting = new Queues(1, fleet.requests);
    this.#lanes = new Queues(fleet.workers, fleet.requests);
    this.#sentAt = new Float64Array(fleet.requests);
  }

  arrive(request) {
    const worker = this.#roomiest();
    if (worker < 0) this.#waiting.push(0, request);
    else this.#send(worker, request);
    this.#schedule();
  }

  freed(worker) {
    if (this.#lanes.length(worker) > 0) this.#fleet.serve(worker, this.#fromLane(worker));
    if (this.#waiting.length(0) > 0) this.#send(worker, this.#waiting.shift(0)); // it has room now
    this.act();
  }

  act() {
    while (this.#mayTakeBack) {
      const worker = this.#oldestLane();
      if (this.#takenBackAt(worker) > this.#fleet.now) break;
      this.#fleet.serve(this.#fleet.anyIdle, this.#fromLane(worker));
      if (this.#waiting.length(0) > 0) this.#send(worker, this.#waiting.shift(0));
    }
    this.#schedule();
  }

  #schedule() {
    this.due = this.#mayTakeBack ? this.#takenBackAt(this.#oldestLane()) : Number.POSITIVE_INFINITY;
  }

  get #mayTakeBack() {
    return this.#fleet.hasIdle && this.#inLanes > 0 && this.#options.after < Number.POSITIVE_INFINITY;
  }

  #send(worker, request) {
    this.#last = worker;
    if (this.#fleet.isIdle(worker)) {
      this.#fleet.serve(worker, request);
      return;
    }
    this.#sentAt[request] = this.#fleet.now;
    this.#lanes.push(worker, request);
    this.#inLanes++;
  }

  #fromLane(worker) {
    this.#inLanes--;
    return this.#lanes.shift(worker);
  }

  /** When the first in a lane will have lain there for too long. */
  #takenBackAt(worker) {
    return this.#sentAt[this.#lanes.first(worker)] + this.#options.after;
  }

  #oldestLane() {
    let oldest = -1;
    for (let worker = 0; worker < this.#fleet.workers; worker++) {
      if (this.#lanes.length(worker) === 0) continue;
      if (oldest < 0 || this.#takenBackAt(worker) < this.#takenBackAt(oldest)) oldest = worker;
    }
    return oldest;
  }

  /** Who gets the next, -1 where nobody has room. */
  #roomiest() {
    const { workers, anyIdle } = this.#fleet;
    if (!this.#options.inTurn && anyIdle >= 0) return anyIdle;
    let best = -1;
    for (let i = 1; i <= workers; i++) {
      const worker = (this.#last + i) % workers;
      const length = this.#lanes.length(worker);
      if (length >= this.#options.ahead && !this.#fleet.isIdle(worker)) continue;
      if (this.#options.inTurn) return worker;
      if (best < 0 || length < this.#lanes.length(best)) best = worker;
    }
    return best;
  }
}
