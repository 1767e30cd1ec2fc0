import { binding, type ListenSocket, type Watchdog } from '../binding.js';
import { SharedHandle } from './shared-handle.js';
import type { Lessee, Sockets, Strategy, Surroundings } from './strategy.js';

/** Handle passing with a gate in every worker: one socket, which those workers accept from that have the
 * fewest connections. The rest is as with the bare shared socket. */
export class GatedHandle implements Strategy {
  readonly gate: number;
  readonly #shared: SharedHandle;
  readonly #watchdog: Watchdog;
  readonly #slots = new Map<number, number>();

  constructor(sockets: Sockets, { table, gate, onError }: Surroundings & { gate: number }) {
    this.gate = gate;
    this.#shared = new SharedHandle(sockets);
    this.#watchdog = new (binding().Watchdog)(table, this.#shared.socket, gate, onError);
  }

  get socket(): ListenSocket {
    return this.#shared.socket;
  }

  get sockets(): readonly ListenSocket[] {
    return this.#shared.sockets;
  }

  add(lease: number, { slot, bell }: Lessee): ListenSocket {
    this.#slots.set(lease, slot);
    this.#watchdog.add(slot, bell);
    return this.socket;
  }

  drain(): void {}

  remove(lease: number): void {
    const slot = this.#slots.get(lease);
    if (slot === undefined) return;
    this.#slots.delete(lease);
    this.#watchdog.remove(slot);
  }

  retire(): number {
    this.#shared.retire();
    this.#watchdog.look();
    return 0;
  }

  /** The watchdog goes before its socket does. */
  shut(): void {
    if (this.#shared.refuses) return;
    this.close();
  }

  /** The gates go on by themselves. */
  letGo(): void {
    this.#watchdog.close();
    this.#shared.letGo();
  }

  takeOver(): void {}

  queueLength(): number {
    return this.#shared.queueLength();
  }

  close(): void {
    this.#watchdog.close();
    this.#shared.close();
  }
}
