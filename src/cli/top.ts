import { ControlClient } from '../control/client.js';
import type { Command } from '../control/protocol.js';
import { EvenkeelError } from '../errors.js';
import type { FleetStatus } from '../fleet-status.js';
import type { ControlFlags } from './act.js';
import { plain } from './format.js';
import { print } from './output.js';
import { Screen } from './screen.js';
import { renderTop } from './top-view.js';
import { Watched } from './watched.js';

/** Milliseconds. */
const INTERVAL = 1000;
const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];
const CTRL_C = '\x03';

/** `evenkeel top`: until q, Ctrl+C, a signal, or the fleet's end; over upgrades of its primary. With --json a status a second, one a line. */
export async function topCommand(flags: ControlFlags): Promise<void> {
  if (!flags.json && !process.stdout.isTTY) {
    throw new EvenkeelError(
      'ERR_UNSUPPORTED',
      'top needs a terminal to show itself on: for programs there is evenkeel status --json',
    );
  }
  const fleet = await Watched.connect(flags.name);
  try {
    if (flags.json) await printOn(fleet);
    else await new Top(fleet).run();
  } finally {
    fleet.close();
  }
}

async function printOn(fleet: Watched): Promise<void> {
  for (;;) {
    print(JSON.stringify(await fleet.status()));
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
}

class Top {
  readonly #fleet: Watched;
  #current: FleetStatus | undefined;
  #previous: FleetStatus | undefined;
  #message = '';
  #screen: Screen | undefined;
  /** Ends the pause between two looks. */
  #hurry = (): void => {};
  /** Ends what is waited for. */
  readonly #ended = new AbortController();

  constructor(fleet: Watched) {
    this.#fleet = fleet;
  }

  async run(): Promise<void> {
    const end = (): void => {
      this.#ended.abort();
      this.#fleet.close(); // what is asked at this moment has no answer
    };
    for (const signal of SIGNALS) process.on(signal, end);
    process.stdout.on('error', end); // EIO: the terminal is gone
    try {
      await this.#refresh(); // what is wrong at once is said on the screen there was
      this.#screen = new Screen(
        (keys) => {
          for (const key of keys) this.#press(key, end);
        },
        () => this.#draw(),
      );
      while (!this.#ended.signal.aborted) {
        this.#draw();
        await this.#pause();
        if (!this.#ended.signal.aborted) await this.#refresh();
      }
    } catch (error) {
      if (!this.#ended.signal.aborted) throw error;
    } finally {
      this.#screen?.close();
      end();
      for (const signal of SIGNALS) process.off(signal, end);
    }
  }

  async #refresh(): Promise<void> {
    const status = await this.#fleet.status();
    this.#previous = this.#current;
    this.#current = status;
  }

  #draw(): void {
    if (this.#screen === undefined || this.#current === undefined) return;
    const view = { current: this.#current, previous: this.#previous, message: this.#message };
    this.#screen.draw(renderTop(view, this.#screen.size, Date.now()));
  }

  #press(key: string, end: () => void): void {
    if (key === 'q' || key === CTRL_C) end();
    else if (key === 'r') void this.#act({ command: 'reload' }, 'reload');
    else if (key === '+' || key === '=') void this.#act({ command: 'scale', by: 1 }, 'one worker more');
    else if (key === '-') void this.#act({ command: 'scale', by: -1 }, 'one worker fewer');
  }

  /** On a connection of its own: the view goes on meanwhile. */
  async #act(command: Command, what: string): Promise<void> {
    this.#say(`${what} …`);
    try {
      const client = await ControlClient.connect(this.#fleet.name);
      const close = (): void => client.close();
      this.#ended.signal.addEventListener('abort', close); // what it asked for goes on
      try {
        await client.request(command);
      } finally {
        this.#ended.signal.removeEventListener('abort', close);
        client.close();
      }
      this.#say(`${what}: done`);
      this.#hurry();
    } catch (error) {
      this.#say(`${what} failed: ${plain((error as Error).message)}`);
    }
  }

  #say(message: string): void {
    this.#message = message;
    this.#draw();
  }

  /** Until it is time to look again. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#ended.signal.removeEventListener('abort', done);
        resolve();
      };
      this.#hurry = done;
      const timer = setTimeout(done, INTERVAL);
      this.#ended.signal.addEventListener('abort', done);
    });
  }
}
