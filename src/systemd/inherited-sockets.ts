import { binding, type ListenSocket, type SocketAddress } from '../binding.js';
import { EvenkeelError } from '../errors.js';
import { authorityOf } from '../health/address.js';
import type { Log } from '../log.js';
import { isIpv6Only, type Question } from '../messages.js';
import type { GivenSockets } from '../primary/given-sockets.js';
import type { Selection } from '../strategies/select.js';

/** Where a socket listens that this process was started with. */
export interface InheritedAddress extends SocketAddress {
  ipv6Only: boolean;
}

interface Inherited {
  socket: ListenSocket;
  address: InheritedAddress;
  isUsed: boolean;
}

type Wanted = Pick<Question, 'address' | 'port' | 'addressType' | 'flags'>;

/** Which of the sockets a listen() means; -1: none. Without an address it means `::` dual stack, and where there is
 * no such one `0.0.0.0`, as it does when it binds. */
export function matching(wanted: Wanted, sockets: readonly InheritedAddress[]): number {
  const { address, port } = wanted;
  const at = (host: string, family: 4 | 6, ipv6Only: boolean): number =>
    sockets.findIndex(
      (one) =>
        one.port === port &&
        one.address === host &&
        one.family === `IPv${family}` &&
        one.ipv6Only === ipv6Only,
    );
  if (address) {
    // Only `::` takes IPv4 along: elsewhere the flag changes nothing.
    const found = at(address, wanted.addressType, isIpv6Only(wanted));
    return found < 0 && address !== '::' ? at(address, wanted.addressType, !isIpv6Only(wanted)) : found;
  }
  const dual = at('::', 6, isIpv6Only(wanted));
  return dual < 0 ? at('0.0.0.0', 4, false) : dual;
}

/** Listening sockets this process was started with, by systemd say. Owns their descriptors: who gave them has its
 * own, so nothing that waits is lost when these are closed. */
export class InheritedSockets {
  readonly #sockets: Inherited[] = [];
  readonly #log: Log;

  /** @param takeFds what is no listening TCP socket is closed, and said
   * @throws EvenkeelError ERR_ADDON_UNAVAILABLE */
  constructor(takeFds: readonly number[], log: Log) {
    this.#log = log;
    for (const takeFd of takeFds) {
      try {
        const socket = takeSocket(takeFd);
        const address = { ...socket.address(), ipv6Only: socket.ipv6Only() };
        this.#sockets.push({ socket, address, isUsed: false });
      } catch (error) {
        const { code, message, syscall } = error as NodeJS.ErrnoException;
        if (syscall === undefined) throw error;
        log.warn(
          { fd: takeFd, code },
          `descriptor ${takeFd} that this process was given is no listening TCP socket: ${message}`,
        );
      }
    }
  }

  get addresses(): InheritedAddress[] {
    return this.#sockets.map(({ address }) => address);
  }

  /** Says where nobody listens, though whoever started us thinks somebody would: clients wait there. */
  warnOfUnused(): void {
    for (const { isUsed, address } of this.#sockets) {
      if (isUsed) continue;
      const { address: host, port, family } = address;
      this.#log.warn(
        { ...address },
        `this process was given a socket on ${authorityOf({ address: host, family, port })}, and no worker listens there`,
      );
    }
  }

  /** The one that is meant; undefined: there is none.
   * @throws the system's error */
  find(wanted: Wanted): GivenSockets | undefined {
    const found = this.#sockets[matching(wanted, this.addresses)];
    if (found === undefined) return undefined;
    found.isUsed = true;
    return { sockets: [takeSocket(found.socket.share())], isWaiting: false, isOthers: true };
  }

  /** Duplicates of all of them, for the caller.
   * @throws the system's error; there are none then. */
  share(): number[] {
    const fds: number[] = [];
    try {
      for (const { socket } of this.#sockets) fds.push(socket.share());
    } catch (error) {
      for (const fd of fds) binding().closeFd(fd);
      throw error;
    }
    return fds;
  }

  close(): void {
    for (const { socket } of this.#sockets.splice(0)) socket.close();
  }
}

/** @throws the system's error; the descriptor is closed then. */
export function takeSocket(takeFd: number): ListenSocket {
  return new (binding().ListenSocket)({ host: null, port: 0, takeFd });
}

/** @throws EvenkeelError ERR_UNSUPPORTED where the strategy cannot use them; ERR_ADDON_UNAVAILABLE */
export function inheritSockets(
  takeFds: readonly number[],
  { strategy }: Pick<Selection, 'strategy'>,
  log: Log,
): InheritedSockets {
  if (takeFds.length > 0 && strategy === 'reuse-port') {
    throw new EvenkeelError(
      'ERR_UNSUPPORTED',
      `strategy reuse-port cannot use the ${takeFds.length === 1 ? 'socket' : 'sockets'} this process was given (LISTEN_FDS): its others could join only where who made the first one set SO_REUSEPORT and is the same user, and what waits in theirs would be lost at the end. Choose another strategy, or start without socket activation.`,
    );
  }
  return new InheritedSockets(takeFds, log);
}
