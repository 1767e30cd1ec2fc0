const NONE = -1;

/** First in, first out, several queues of the same requests (0 to `requests` - 1); a request is in one at most. Linked
 * through one array, so that a queue as long as all requests costs no more than an empty one. */
export class Queues {
  #next;
  #heads;
  #tails;
  #lengths;

  constructor(queues, requests) {
    this.#next = new Int32Array(requests);
    this.#heads = new Int32Array(queues).fill(NONE);
    this.#tails = new Int32Array(queues).fill(NONE);
    this.#lengths = new Int32Array(queues);
  }

  length(queue) {
    return this.#lengths[queue];
  }

  /** -1 where it is empty. */
  first(queue) {
    return this.#heads[queue];
  }

  push(queue, request) {
    this.#next[request] = NONE;
    if (this.#heads[queue] === NONE) this.#heads[queue] = request;
    else this.#next[this.#tails[queue]] = request;
    this.#tails[queue] = request;
    this.#lengths[queue]++;
  }

  /** Removes the first, and returns it. */
  shift(queue) {
    const request = this.#heads[queue];
    if (request === NONE) throw new Error(`queue ${queue} is empty`);
    this.#heads[queue] = this.#next[request];
    this.#lengths[queue]--;
    return request;
  }
}
