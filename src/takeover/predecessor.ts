import { fstatSync } from 'node:fs';
import net from 'node:net';
import { EvenkeelError } from '../errors.js';
import type { Selection } from '../strategies/select.js';
import { TakeoverChannel } from './channel.js';
import { type FromNew, type Manifest, parseManifest } from './manifest.js';
import { CHANNEL_FD, TAKEOVER_ENV } from './successor.js';
import { TakenSockets, type UsedListener } from './taken-sockets.js';

/** It speaks before anything else; milliseconds. */
const GREETING_LIMIT = 10_000;

/** The process whose place this one takes, until it has let go of its sockets. */
export class Predecessor {
  readonly manifest: Manifest;
  readonly sockets: TakenSockets;
  /** Sockets the old process itself was started with, the caller's. */
  readonly takeInherited: readonly number[];
  readonly #channel: TakeoverChannel<FromNew>;
  /** Undefined: it has let go, or it is gone, and the sockets have nobody else. */
  readonly #end: Promise<Error | undefined>;
  #isUndecided = true;

  private constructor(
    channel: TakeoverChannel<FromNew>,
    manifest: Manifest,
    end: Promise<Error | undefined>,
  ) {
    this.#channel = channel;
    this.#end = end;
    this.manifest = manifest;
    const count = manifest.listeners.reduce((sum, { sockets }) => sum + sockets, 0);
    const from = (first: number, length: number) => Array.from({ length }, (_, i) => first + i);
    this.takeInherited = from(CHANNEL_FD + 1 + count, manifest.inherited);
    this.sockets = new TakenSockets(manifest.listeners, from(CHANNEL_FD + 1, count));
  }

  /** The one that has started this process, if one has for that.
   * @throws EvenkeelError ERR_UPGRADE_FAILED */
  static async find(): Promise<Predecessor | undefined> {
    const isTold = process.env[TAKEOVER_ENV] === String(CHANNEL_FD);
    delete process.env[TAKEOVER_ENV]; // not for what we start
    if (!isTold) return undefined;
    const stream = openChannel();
    let greet: (message: unknown) => void = () => {};
    let settle: (end: Error | undefined) => void = () => {};
    const greeting = new Promise<unknown>((resolve) => {
      greet = resolve;
    });
    const end = new Promise<Error | undefined>((resolve) => {
      settle = resolve;
    });
    const channel = new TakeoverChannel<FromNew>(stream, {
      onMessage: (message) => {
        const { released, aborted } = message as { released?: unknown; aborted?: unknown };
        if (released === true) settle(undefined);
        else if (typeof aborted === 'string') settle(new EvenkeelError('ERR_UPGRADE_FAILED', aborted));
        else greet(message);
      },
      onEnd: () => {
        greet({});
        settle(undefined);
      },
    });
    const timer = setTimeout(() => greet({}), GREETING_LIMIT);
    try {
      return new Predecessor(channel, parseManifest(await greeting), end);
    } catch (error) {
      channel.send({ failed: { code: 'ERR_UPGRADE_FAILED', message: (error as Error).message } });
      channel.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says that every worker is ready to serve, and resolves when the old process does not serve any more.
   * @param listeners where they listen
   * @throws EvenkeelError ERR_UPGRADE_FAILED: it does not want to end, and goes on */
  async replace(workers: number, listeners: Iterable<UsedListener>): Promise<void> {
    const unused = this.sockets.unusedBy(listeners);
    if (unused.length > 0) {
      throw new EvenkeelError(
        'ERR_UPGRADE_FAILED',
        `no worker listens on ${unused.join(', ')}, where the old ones do`,
      );
    }
    this.#isUndecided = false;
    this.#channel.send({ ready: { workers } });
    const error = await this.#end;
    if (error !== undefined) {
      this.#channel.close();
      throw error;
    }
    this.sockets.close(); // each listener has its own descriptors
  }

  /** It has not been told whether this process can take its place, and serves. */
  get isUndecided(): boolean {
    return this.#isUndecided;
  }

  /** Whatever the old one had is this one's: it answers there now. */
  end(): void {
    this.#channel.send({ serving: true });
    this.#channel.close();
  }

  /** @throws EvenkeelError ERR_UPGRADE_FAILED where the sockets are of no use to the strategy */
  checkStrategy(strategy: Selection['strategy']): void {
    const { strategy: old } = this.manifest;
    const isGroup = old === 'reuse-port';
    if (strategy !== 'node:cluster' && (!isGroup || strategy === 'reuse-port')) return;
    throw new EvenkeelError(
      'ERR_UPGRADE_FAILED',
      `the sockets that run by strategy ${old} cannot be used by ${strategy}: stop the fleet, and start it anew`,
    );
  }

  /** This process cannot take its place, or is not to. The first reason counts. */
  fail({ code = 'ERR_UPGRADE_FAILED', message }: NodeJS.ErrnoException): void {
    this.#isUndecided = false;
    this.#channel.send({ failed: { code, message } });
    this.#channel.close();
    this.sockets.close();
  }
}

function openChannel(): net.Socket {
  // One that was not open when this process began, Node may have for itself.
  if (isSocket(CHANNEL_FD)) return new net.Socket({ fd: CHANNEL_FD, readable: true, writable: true });
  throw new EvenkeelError(
    'ERR_UPGRADE_FAILED',
    `${TAKEOVER_ENV} is set, and descriptor ${CHANNEL_FD} is no socket of a process that runs: unset it`,
  );
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false; // it is not open
  }
}
