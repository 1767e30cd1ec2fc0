import { writeSync } from 'node:fs';
import type { Line, Size } from './top-view.js';

// See ctlseqs of xterm, "DECSET" and "SGR".
const ENTER = '\x1b[?1049h\x1b[?25l'; // the alternate screen, no cursor
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const TO_END_OF_LINE = '\x1b[K';
const STYLES: Readonly<Record<NonNullable<Line['style']>, string>> = {
  title: '\x1b[7m',
  bold: '\x1b[1m',
  dim: '\x1b[2m',
};
const PLAIN = '\x1b[0m';

/** Where a terminal does not say how large it is. */
const USUAL: Size = { columns: 80, rows: 24 };

/** The terminal while it is ours: full screen, keys as they are pressed. Given back at the process's end at the
 * latest, however that comes. */
export class Screen {
  readonly #onKey: (key: string) => void;
  readonly #onResize: () => void;
  readonly #leave = (): void => this.close();
  #isOpen = true;

  constructor(onKey: (key: string) => void, onResize: () => void) {
    this.#onKey = onKey;
    this.#onResize = onResize;
    process.on('exit', this.#leave);
    process.stdout.on('resize', this.#onResize);
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(true).setEncoding('utf8').on('data', this.#onKey).resume();
    }
    write(ENTER);
  }

  get size(): Size {
    const { columns = USUAL.columns, rows = USUAL.rows } = process.stdout;
    return columns > 0 && rows > 0 ? { columns, rows } : USUAL;
  }

  draw(lines: readonly Line[]): void {
    if (!this.#isOpen) return;
    const text = lines.map((line) => {
      const styled = line.style === undefined ? line.text : `${STYLES[line.style]}${line.text}${PLAIN}`;
      return `${styled}${TO_END_OF_LINE}`;
    });
    process.stdout.write(HOME + text.join('\r\n'));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#leave);
    process.stdout.off('resize', this.#onResize);
    if (process.stdin.isTTY) process.stdin.off('data', this.#onKey).setRawMode(false).pause();
    write(LEAVE);
  }
}

/** At once: the process may be about to end. A terminal that is gone takes nothing, and needs nothing. */
function write(text: string): void {
  try {
    writeSync(process.stdout.fd, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EIO' && code !== 'EPIPE') throw error;
  }
}
