import { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { SpawnOptions } from './link/link.js';

/** ChildProcess.prototype.spawn, where fork() and spawn() end up with their options complete. Undocumented, and the
 * only place that sees every stdio setting of node:cluster without changing `cluster.settings`. */
const prototype = ChildProcess.prototype as unknown as { spawn(options: SpawnOptions): unknown };

/** Runs `make`, which makes a process, with options that `change` has had. Where no descriptor is found for it, none
 * stays open. */
export function hookingSpawn<T>(change: (options: SpawnOptions) => void, make: () => T): T {
  const spawn = prototype.spawn;
  prototype.spawn = function (options) {
    change(options);
    const error = spawn.call(this, options);
    if (error === -constants.errno.EMFILE || error === -constants.errno.ENFILE) closePipes(options);
    return error;
  };
  try {
    return make();
  } finally {
    prototype.spawn = spawn;
  }
}

/** Of a spawn that found no descriptor Node forgets those it had made for it. */
function closePipes({ stdio }: SpawnOptions): void {
  for (const one of stdio as { type?: string; handle?: { close(): void } }[])
    if (one.type === 'pipe') one.handle?.close();
}
