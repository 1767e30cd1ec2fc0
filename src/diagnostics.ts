import diagnostics from 'node:diagnostics_channel';
import type { Fleet } from './fleet.js';
import type { ListenerStatus, WorkerStatus } from './fleet-status.js';
import type { Reload } from './primary/generations.js';
import type { Rescue } from './primary/worker-handle.js';
import type { Upgraded } from './takeover/upgrade.js';

/** What is published by node:diagnostics_channel in the primary, by the channel's name. In workers there is
 * `evenkeel.worker.drain`; see onDrain(). */
export interface DiagnosticsMessages {
  /** A worker's state changed. */
  'evenkeel.worker.state': { worker: WorkerStatus };
  /** The fleet listens on a further address. */
  'evenkeel.listener': { listener: ListenerStatus };
  /** A worker's event loop is blocked, and connections wait for it. `reuse-port` only. */
  'evenkeel.stall': { worker: WorkerStatus };
  /** It turns again. */
  'evenkeel.rescue': { worker: WorkerStatus; rescue: Rescue };
  /** A rolling restart begins. */
  'evenkeel.reload.start': { generation: number };
  /** It has ended. */
  'evenkeel.reload.end': Reload;
  /** Another process has taken this one's place; this one ends when it has answered what it has. */
  'evenkeel.upgrade': Upgraded;
  /** Every process has ended. */
  'evenkeel.stop': { pid: number };
}

export type DiagnosticsChannel = keyof DiagnosticsMessages;

/** Publishes what happens to a fleet, to whoever subscribes. */
export function publishEvents(fleet: Fleet): void {
  fleet.on('worker', (worker) => publish('evenkeel.worker.state', { worker }));
  fleet.on('listener', (listener) => publish('evenkeel.listener', { listener }));
  fleet.on('stall', (worker) => publish('evenkeel.stall', { worker }));
  fleet.on('rescue', (worker, rescue) => publish('evenkeel.rescue', { worker, rescue }));
  fleet.on('reloadStart', (generation) => publish('evenkeel.reload.start', { generation }));
  fleet.on('reloadEnd', (reload) => publish('evenkeel.reload.end', reload));
  fleet.on('upgraded', (upgraded) => publish('evenkeel.upgrade', upgraded));
  fleet.on('stop', () => publish('evenkeel.stop', { pid: process.pid }));
}

function publish<Name extends DiagnosticsChannel>(name: Name, message: DiagnosticsMessages[Name]): void {
  diagnostics.channel(name).publish(message);
}
