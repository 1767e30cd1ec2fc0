import { binding, type ListenSocket } from '../binding.js';
import { EvenkeelError } from '../errors.js';
import type { Question } from '../messages.js';
import type { GivenSockets } from '../primary/given-sockets.js';
import { addressKey } from '../primary/listener.js';
import type { Sockets } from '../strategies/strategy.js';
import { takeSocket } from '../systemd/inherited-sockets.js';
import type { ManifestListener } from './manifest.js';

interface Taken extends ManifestListener {
  own: Sockets;
}

/** Where workers of this process listen. */
export interface UsedListener {
  readonly key: string;
  /** None does any more. */
  readonly isEmpty: boolean;
}

/** The listening sockets of the process whose place this one takes. */
export class TakenSockets {
  readonly #taken: Taken[] = [];

  /** @param takeFds of all listeners, in their order
   * @throws EvenkeelError ERR_UPGRADE_FAILED where one is no listening socket; all are closed then */
  constructor(listeners: readonly ManifestListener[], takeFds: readonly number[]) {
    const fds = [...takeFds];
    try {
      for (const listener of listeners) {
        const own: ListenSocket[] = [];
        this.#taken.push({ ...listener, own: own as unknown as Sockets });
        for (let i = 0; i < listener.sockets; i++) own.push(takeSocket(fds.shift() ?? -1));
      }
    } catch (error) {
      this.close();
      for (const fd of fds) binding().closeFd(fd);
      const why = `what the old process handed over is no listening socket: ${(error as Error).message}`;
      throw new EvenkeelError('ERR_UPGRADE_FAILED', why, { cause: error });
    }
  }

  /** Those that listen where a worker wants to; undefined: there are none.
   * @throws the system's error; there are none open then */
  find(question: Question): GivenSockets | undefined {
    const found = this.#taken.find(({ key }) => key === addressKey(question));
    if (found === undefined) return undefined;
    const { isOthers, data } = found;
    return { sockets: duplicates(found.own), isWaiting: true, isOthers, data };
  }

  /** Where the old process listens, and no worker of this one does. */
  unusedBy(listeners: Iterable<UsedListener>): string[] {
    const used = new Set([...listeners].filter(({ isEmpty }) => !isEmpty).map(({ key }) => key));
    return this.#taken.filter(({ key }) => !used.has(key)).map(({ address }) => address);
  }

  close(): void {
    for (const { own } of this.#taken.splice(0)) for (const socket of own) socket.close();
  }
}

function duplicates(sockets: Sockets): Sockets {
  const made: ListenSocket[] = [];
  try {
    for (const socket of sockets) made.push(takeSocket(socket.share()));
  } catch (error) {
    for (const socket of made) socket.close();
    throw error;
  }
  return made as unknown as Sockets;
}
