import { now, sleep } from './clock.mjs';
import { socketsOf, waitStopped } from './inside.mjs';
import { request } from './request.mjs';

/** What happens, and how often beside the others. */
const FAULTS = [
  [3, 'stop'],
  [1, 'stop-kill'],
  [1, 'kill'],
  [1, 'kill-seen'],
  [3, 'block'],
  [2, 'block-later'],
];
const PRIMARY_TOO = [...FAULTS, [1, 'primary']];
const LONGEST = 2000;

/** Of the stops and kills so many come right behind a connection of our own: the worker it woke may not get to
 * it any more. */
const AMBUSHES = 0.5;
/** After half of the ambushes nothing of ours comes for so long, in ms: what waits is not helped by the next. */
const LONELY = 500;

/** Does harm to workers, in an order and of a length that the seed decides; one worker at least is left
 * alone: alive, running, and not told to block. */
export class Chaos {
  /** `{pid, from, to, inside}`; `inside`: the inodes of the sockets it had by `from`. */
  stops = [];
  /** `{pid, at, inside}`; `inside` is undefined where it was killed while it ran. */
  kills = [];
  /** What became of our own requests, those that block and those of ambushes. */
  records = [];
  /** When the primary was made to block, about: `{pid, from, to}`. */
  primaryBlocks = [];
  #primary;
  #random;
  #faults;
  /** By pid, the timer that ends it. */
  #stopped = new Map();
  #dead = new Set();
  #blocks = new Set();
  #ambushes = new Set();

  /** `primaryToo`: the primary's loop is made to block as well. */
  constructor(primary, random, primaryToo) {
    this.#primary = primary;
    this.#random = random;
    this.#faults = primaryToo ? PRIMARY_TOO : FAULTS;
  }

  async run(end) {
    for (;;) {
      const pause = this.#random.between(5, 500);
      const fault = this.#random.choose(this.#faults);
      const ms = fault.startsWith('block')
        ? this.#random.between(10, LONGEST)
        : this.#random.between(1, LONGEST);
      const seat = this.#random.index(this.#primary.workers.length);
      const isAmbush = this.#random.next() < AMBUSHES;
      const isLonely = this.#random.next() < 0.5;
      if (now() + pause > end) return;
      await sleep(pause);
      if (!this.#mayHarm) continue;
      if (fault.startsWith('block')) {
        this.#request(`/${fault}?${Math.round(ms)}`, this.#blocks);
        continue;
      }
      if (fault === 'primary') {
        this.#primary.block(ms);
        this.primaryBlocks.push({ pid: 'the primary', from: now(), to: now() + ms });
        continue;
      }
      if (isAmbush) this.#request('/', this.#ambushes);
      // net calls connect() in the tick before.
      process.nextTick(() => this.#harm(fault, ms, seat));
      if (isAmbush && isLonely) await sleep(LONELY);
    }
  }

  /** Lets all go on, and waits for our own requests. */
  async heal() {
    for (const pid of [...this.#stopped.keys()]) this.#continue(pid);
    await Promise.all([...this.#blocks, ...this.#ambushes]);
  }

  /** Workers that harm may be done to: the rest has had its share. */
  get #sound() {
    return this.#primary.workers.filter(
      ({ pid, state }) => state === 'ready' && !this.#dead.has(pid) && !this.#stopped.has(pid),
    );
  }

  /** Which worker a block meets is known afterwards; until then it may be any. */
  get #mayHarm() {
    return this.#sound.length - this.#blocks.size >= 2;
  }

  #harm(fault, ms, seat) {
    const pid = this.#primary.workers[seat].pid;
    if (!this.#sound.some((worker) => worker.pid === pid)) return;
    if (fault === 'kill') return this.#kill(pid);
    const stop = this.#stop(pid);
    if (stop === undefined) return;
    if (fault === 'kill-seen') return this.#kill(pid, stop.inside);
    const then = fault === 'stop' ? () => this.#continue(pid) : () => this.#kill(pid, stop.inside);
    this.#stopped.set(pid, { stop, timer: setTimeout(then, ms) });
  }

  #request(path, under) {
    const done = request(this.#primary.port, path).then((record) => {
      this.records.push(record);
      under.delete(done);
    });
    under.add(done);
  }

  #stop(pid) {
    if (!send(pid, 'SIGSTOP') || !waitStopped(pid)) return undefined;
    const stop = {
      pid,
      from: now(),
      to: Number.POSITIVE_INFINITY,
      inside: socketsOf(pid),
    };
    this.stops.push(stop);
    return stop;
  }

  #continue(pid) {
    const { stop, timer } = this.#stopped.get(pid);
    clearTimeout(timer);
    this.#stopped.delete(pid);
    send(pid, 'SIGCONT');
    stop.to = now();
  }

  #kill(pid, inside) {
    const at = now();
    this.#stopped.delete(pid);
    this.#dead.add(pid);
    this.kills.push({ pid, at, inside });
    send(pid, 'SIGKILL');
    for (const stop of this.stops) if (stop.pid === pid) stop.to = Math.min(stop.to, at);
  }
}

/** False: it is gone. */
function send(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
