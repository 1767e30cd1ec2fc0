import net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  binding,
  type Dispatcher,
  type DispatchPolicy,
  type GroupPolicy,
  type ListenSocket,
  type NativeLoadTable,
  type SelectorMechanism,
} from '../../dist/binding.js';
import type { PolicyName, StrategyName } from '../../dist/strategies/select.js';
import { type Lessee, makeStrategy, type Strategy } from '../../dist/strategies/strategy.js';
import { leavesNothingOpen } from '../helpers/descriptors.ts';
import { Member } from '../helpers/members.ts';
import { eventually } from '../helpers/requests.ts';

const OPTIONS = { host: '127.0.0.1', family: 4, port: 0, backlog: 128 } as const;

/** Whether a socket can keep new handshakes off and go on listening. Windows cannot: there hand-off takes what is
 * in the queue and closes at once, and a shared handle serves who comes until shut(). */
const refusesHandshakes = (() => {
  const socket = new (binding().ListenSocket)(OPTIONS);
  try {
    return socket.retire();
  } finally {
    socket.close();
  }
})();

/** A worker of the same process: takes what its lane brings, and accepts from what it was lent. */
class FakeWorker extends Member {
  readonly connections: number[] = [];
  readonly bell = new (binding().Bell)();
  #socket: ListenSocket | undefined;

  get lessee(): Lessee {
    return { slot: this.slot.index, bell: this.bell, lane: this.lane };
  }

  borrow(socket: ListenSocket | undefined): void {
    this.#socket = socket;
  }

  /** Takes everything that is there now. */
  takeAll(): number {
    for (const { fd } of this.take()) this.connections.push(fd);
    for (let fd = this.#socket?.accept() ?? -1; fd >= 0; fd = this.#socket?.accept() ?? -1) {
      this.connections.push(fd);
      onTestFinished(() => binding().closeFd(fd));
    }
    return this.connections.length;
  }

  close(): void {
    this.bell.close();
    this.end();
  }
}

/** What every strategy owes: one suite, run for each, and with each mechanism a selector program can have. */
export function contract(name: StrategyName, policy: PolicyName, mechanism: SelectorMechanism | null): void {
  describe([name, policy, mechanism ?? []].flat().join(', '), () => {
    let table: NativeLoadTable;
    let dispatcher: Dispatcher;
    let strategy: Strategy;
    let workers: FakeWorker[];
    let clients: net.Socket[];
    const errors: Error[] = [];

    const make = (port = 0): Strategy =>
      makeStrategy(name, policy, [new (binding().ListenSocket)({ ...OPTIONS, port })], {
        table,
        dispatcher,
        gate: 3,
        deferAccept: false,
        isWaiting: false,
        makeSelector: () => mechanism && new (binding().Selector)(table, policy as GroupPolicy, mechanism, 1),
        stallThreshold: 0,
        onStall: () => {},
        onError: (error) => errors.push(error),
      });

    const join = (lease: number): FakeWorker => {
      const worker = new FakeWorker(lease, table);
      worker.borrow(strategy.add(lease, worker.lessee));
      dispatcher.add(worker.lane, lease);
      workers.push(worker);
      return worker;
    };

    const leave = (worker: FakeWorker): void => {
      worker.borrow(undefined);
      dispatcher.remove(worker.lease);
      strategy.remove(worker.lease);
    };

    const connect = (count: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: count }, () => {
          const socket = net.connect(strategy.socket.address().port, '127.0.0.1');
          clients.push(socket);
          return new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
        }),
      );

    const taken = (): number => workers.reduce((sum, worker) => sum + worker.takeAll(), 0);

    beforeEach(() => {
      table = new (binding().LoadTable)({ slots: 16, inKernel: mechanism === 'ebpf' });
      dispatcher = new (binding().Dispatcher)(
        table,
        name === 'hand-off' ? (policy as DispatchPolicy) : 'least-connections',
        1,
      );
      strategy = make();
      workers = [];
      clients = [];
    });

    afterEach(() => {
      for (const client of clients) client.destroy();
      strategy.close();
      dispatcher.close();
      for (const worker of workers) worker.close();
      expect(errors).toEqual([]);
    });

    test('the port is its own: a second one is refused, and leaves nothing open', async () => {
      const { port } = strategy.socket.address();
      await leavesNothingOpen(20, () =>
        expect(() => make(port)).toThrow(
          expect.objectContaining({ code: 'EADDRINUSE', syscall: 'bind', port }),
        ),
      );
    });

    test('connections wait until there is a worker, and then reach it', async () => {
      await connect(10);
      join(1);
      await eventually(() => taken() === 10);
    });

    test('every connection reaches exactly one of the workers', async () => {
      for (const lease of [1, 2, 3]) join(lease);
      await connect(60);
      await eventually(() => taken() === 60);
    });

    test('a worker that leaves gets no more, and loses nobody that waits', async () => {
      const [one, two] = [join(1), join(2)];
      await connect(20); // some may wait where only the first one would have looked
      leave(one);
      const kept = one.takeAll();
      await eventually(() => taken() === 20);
      await connect(20);
      await eventually(() => taken() === 40);
      expect(one.connections.length).toBe(kept);
      expect(two.connections.length).toBe(40 - kept);
    });

    test('all leave, and another comes: who connected in between is served', async () => {
      const worker = join(1);
      leave(worker);
      await connect(15);
      join(2);
      await eventually(() => taken() === 15);
    });

    test('workers come and go many times: the same sockets are lent again', async () => {
      join(1);
      for (let lease = 2; lease < 12; lease++) leave(join(lease));
      let lease = 12;
      await leavesNothingOpen(10, () => {
        const worker = join(lease);
        leave(worker);
        worker.close();
        if (++lease === 16) lease = 12;
      });
    });

    const refusing = test.skipIf(!refusesHandshakes);

    refusing('retire(): nor with a worker that comes after that', async () => {
      join(1);
      strategy.retire();
      join(2);
      const { port } = strategy.socket.address();
      let entered = 0;
      for (let i = 0; i < 20; i++) {
        const late = net.connect(port, '127.0.0.1', () => entered++);
        late.on('error', () => {});
        clients.push(late);
      }
      await setTimeout(200);
      expect(entered).toBe(0);
    });

    refusing('retire(): who is in is served, nobody new gets in, close() frees the port', async () => {
      join(1);
      await connect(5);
      strategy.retire();
      const late = net.connect(strategy.socket.address().port, '127.0.0.1');
      clients.push(late);
      const refused = new Promise((resolve) => late.once('error', ({ code }) => resolve(code)));
      late.once('connect', () => late.emit('error', Object.assign(new Error(), { code: 'it got in' })));
      await eventually(() => taken() === 5 && strategy.queueLength() === 0);
      const { port } = strategy.socket.address();
      strategy.close();
      expect(await refused).toBe('ECONNREFUSED'); // its SYN, sent again after a second
      strategy = make(port);
    });

    test.skipIf(refusesHandshakes)(
      'retire() and shut(): who is in is served, who comes after that is refused, close() frees the port',
      async () => {
        join(1);
        await connect(5);
        const { port } = strategy.socket.address();
        strategy.retire();
        await eventually(() => taken() === 5 && strategy.queueLength() === 0);
        strategy.shut();
        const late = net.connect(port, '127.0.0.1');
        clients.push(late);
        const fate = new Promise((resolve) =>
          late.once('connect', () => resolve('it got in')).once('error', ({ code }) => resolve(code)),
        );
        expect(await fate).toBe('ECONNREFUSED');
        strategy.close();
        await eventually(() => {
          try {
            strategy = make(port);
            return true;
          } catch {
            return false; // it lingers
          }
        });
      },
    );
  });
}
