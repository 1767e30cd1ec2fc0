import { binding, type Channel, type ChannelMessage, type ListenSocket, type Shared } from '../binding.js';
import { EvenkeelError } from '../errors.js';
import { type Answer, type DrainOrder, type Hello, LINK_ENV, type Loan, parsePayload } from '../messages.js';
import type {
  PrimaryHandlers,
  PrimaryLink,
  Returned,
  Shares,
  Sharing,
  SpawnOptions,
  WorkerHandlers,
  WorkerLink,
} from './link.js';

/** Each comes as a message of its own, with a descriptor, in this order after the table's. */
const SHARES = ['bell', 'lane', 'waker'] as const;

/** The primary's end of a channel, see native/posix/message.h. */
export class ChannelPrimaryLink implements PrimaryLink {
  readonly #channel: Channel;
  readonly #handlers: PrimaryHandlers;

  /** Says hello: the worker finds it as it starts.
   * @throws the system's error; nothing stays open then. */
  constructor(hello: Hello, sharing: Sharing, handlers: PrimaryHandlers) {
    this.#handlers = handlers;
    this.#channel = new (binding().Channel)(
      (message) => this.#onMessage(message),
      (error) => handlers.onError(error),
    );
    try {
      const { messageTypes } = binding();
      this.#channel.send(messageTypes.hello, 0, 0, JSON.stringify(hello), sharing.table() as number);
      for (const name of SHARES)
        this.#channel.send(messageTypes[name], 0, 0, null, sharing[name]() as number);
      this.#channel.start();
    } catch (error) {
      this.#channel.close();
      throw error;
    }
  }

  /** The worker inherits its end, after its other stdio. */
  extend(spawn: SpawnOptions): void {
    const index = spawn.stdio.length;
    spawn.stdio = [...spawn.stdio, this.#channel.peerFd()];
    spawn.envPairs.push(`${LINK_ENV}=${index}`);
  }

  attach(): void {}

  /** What the worker is sent it reads after the answer: it may be at once. */
  answer(lease: number, answer: Answer, socket: ListenSocket | undefined, onAdopted: () => void): void {
    this.#channel.send(
      binding().messageTypes.answer,
      lease,
      0,
      JSON.stringify(answer),
      socket?.share() ?? -1,
    );
    onAdopted();
  }

  lend(lease: number, loan: Loan, socket: ListenSocket): void {
    this.#channel.send(binding().messageTypes.lend, lease, 0, JSON.stringify(loan), socket.share());
  }

  drain(order: DrainOrder): void {
    this.#channel.send(binding().messageTypes.drain, 0, 0, JSON.stringify(order), -1);
  }

  recover(): Returned[] {
    return this.#channel.recover();
  }

  close(): void {
    this.#channel.close();
  }

  #onMessage({ type, lease, hops, fd }: ChannelMessage): void {
    if (type === binding().messageTypes.returned && fd >= 0) {
      return this.#handlers.onReturned({ lease, hops, fd });
    }
    if (fd >= 0) binding().closeFd(fd);
    this.#handlers.onError(
      new EvenkeelError('ERR_CHANNEL_MESSAGE', `unexpected message of type ${type}; it was ignored`),
    );
  }
}

/** The worker's end, inherited. */
export class ChannelWorkerLink implements WorkerLink {
  readonly hello: Hello;
  readonly shares: Shares;
  readonly #channel: Channel;
  #handlers: WorkerHandlers | undefined;

  /** @throws EvenkeelError ERR_CHANNEL_MESSAGE where the descriptor is not a channel of ours. */
  constructor(takeFd: number) {
    this.#channel = new (binding().Channel)(
      (message) => this.#onMessage(message),
      (error) => this.#handlers?.onError(error),
      takeFd,
    );
    const first = this.#channel.receiveNow();
    if (first?.type !== binding().messageTypes.hello) {
      throw new EvenkeelError('ERR_CHANNEL_MESSAGE', 'the primary did not say hello on the channel');
    }
    this.hello = parsePayload<Hello>(first.payload);
    const [bell, lane, waker] = SHARES.map((name) => this.#receive(name)) as [Shared, Shared, Shared];
    this.shares = { table: first.fd, bell, lane, waker };
  }

  start(handlers: WorkerHandlers): void {
    this.#handlers = handlers;
    this.#channel.start();
  }

  readNow(): void {
    for (let message = this.#channel.receiveNow(); message; message = this.#channel.receiveNow()) {
      this.#onMessage(message);
    }
  }

  giveBack({ lease, hops, fd }: Returned): boolean {
    this.#channel.send(binding().messageTypes.returned, lease, hops, null, fd);
    return true;
  }

  #receive(name: (typeof SHARES)[number]): Shared {
    const message = this.#channel.receiveNow();
    if (message?.type === binding().messageTypes[name] && message.fd >= 0) return message.fd;
    throw new EvenkeelError('ERR_CHANNEL_MESSAGE', `the primary did not send the ${name} on the channel`);
  }

  #onMessage(message: ChannelMessage): void {
    const { messageTypes } = binding();
    switch (message.type) {
      case messageTypes.answer:
        return this.#handlers?.onAnswer(parsePayload<Answer>(message.payload), message.fd);
      case messageTypes.lend:
        return this.#handlers?.onLoan(message.lease, parsePayload<Loan>(message.payload), message.fd);
      case messageTypes.drain:
        return this.#handlers?.onDrain(parsePayload<DrainOrder>(message.payload));
      default:
        if (message.fd >= 0) binding().closeFd(message.fd);
        this.#handlers?.onError(
          new EvenkeelError('ERR_CHANNEL_MESSAGE', `unexpected message of type ${message.type}`),
        );
    }
  }
}
