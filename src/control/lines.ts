const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines of at most `longest` bytes. */
export class Lines {
  readonly #longest: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(longest: number) {
    this.#longest = longest;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
  }

  /** The next line, without its end; undefined where it has not ended yet; 'too long'. */
  next(): { line: string } | 'too long' | undefined {
    const end = this.#rest.indexOf(NEWLINE);
    if ((end < 0 ? this.#rest.length : end) > this.#longest) return 'too long';
    if (end < 0) return undefined;
    const line = this.#rest.toString('utf8', 0, end);
    this.#rest = this.#rest.subarray(end + 1);
    return { line };
  }

  /** A line has begun. */
  get hasBegun(): boolean {
    return this.#rest.length > 0;
  }
}
