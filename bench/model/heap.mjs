/** Whole numbers by a key of each, the least key first: a binary heap in typed arrays. Of equal keys either may be
 * first, the same one in every run. */
export class Heap {
  #keys;
  #values;
  #size = 0;

  /** @param {number} capacity how many it holds at most */
  constructor(capacity) {
    this.#keys = new Float64Array(capacity);
    this.#values = new Int32Array(capacity);
  }

  get size() {
    return this.#size;
  }

  /** Infinity where it is empty. */
  get leastKey() {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#keys[0];
  }

  push(key, value) {
    if (this.#size === this.#keys.length) throw new Error(`the heap is full: it holds ${this.#size}`);
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#keys[parent] <= key) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(key, value, hole);
  }

  /** Removes the value with the least key, and returns it. */
  pop() {
    if (this.#size === 0) throw new Error('the heap is empty');
    const value = this.#values[0];
    const last = --this.#size;
    const key = this.#keys[last];
    let hole = 0;
    for (let child = 1; child < last; child = 2 * hole + 1) {
      if (child + 1 < last && this.#keys[child + 1] < this.#keys[child]) child++;
      if (this.#keys[child] >= key) break;
      this.#move(child, hole);
      hole = child;
    }
    this.#put(key, this.#values[last], hole);
    return value;
  }

  #move(from, to) {
    this.#put(this.#keys[from], this.#values[from], to);
  }

  #put(key, value, at) {
    this.#keys[at] = key;
    this.#values[at] = value;
  }
}
