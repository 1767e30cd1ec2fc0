import { ControlClient } from '../control/client.js';
import { EvenkeelError } from '../errors.js';
import type { FleetStatus } from '../fleet-status.js';
import { STATUS_TIMEOUT } from './act.js';

/** Another process that takes the primary's place opens its control socket so soon at the latest; milliseconds. */
const SUCCESSION = 2000;
const INTERVAL = 50;

/** A fleet that is looked at again and again, also when another process has taken its primary's place. */
export class Watched {
  #client: ControlClient;
  #isClosed = false;

  private constructor(client: ControlClient) {
    this.#client = client;
  }

  /** @throws as ControlClient.connect() */
  static async connect(name?: string): Promise<Watched> {
    return new Watched(await ControlClient.connect(name));
  }

  get name(): string {
    return this.#client.name;
  }

  /** @throws as ControlClient.request() */
  async status(): Promise<FleetStatus> {
    try {
      return await this.#ask();
    } catch (error) {
      if (!isEnd(error as NodeJS.ErrnoException)) throw error;
      const next = await this.#successor();
      if (next === undefined) throw error;
      this.#client = next;
      return this.#ask();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#client.close();
  }

  async #ask(): Promise<FleetStatus> {
    return (await this.#client.request({ command: 'status' }, STATUS_TIMEOUT)) as FleetStatus;
  }

  async #successor(): Promise<ControlClient | undefined> {
    for (const end = performance.now() + SUCCESSION; !this.#isClosed && performance.now() < end; ) {
      try {
        return await ControlClient.connect(this.name);
      } catch (error) {
        if (!(error instanceof EvenkeelError) || error.code !== 'ERR_NO_FLEET') throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
    return undefined;
  }
}

function isEnd({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ERR_NO_ANSWER' || code === 'ECONNRESET' || code === 'EPIPE';
}
