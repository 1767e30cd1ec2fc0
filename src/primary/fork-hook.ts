import { ChildProcess } from 'node:child_process';
import cluster, { type Worker } from 'node:cluster';
import { syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';
import type { PrimaryLink, SpawnOptions } from '../link/link.js';
import type { Balancer } from './balancer.js';
import { requireInstead, withPreload } from './preload.js';

/** ChildProcess.prototype.spawn, where fork() ends up with its options complete. Undocumented, and the
 * only place that sees every stdio setting of node:cluster without changing `cluster.settings`. */
const prototype = ChildProcess.prototype as unknown as { spawn(options: SpawnOptions): unknown };

/** Says who serves the workers forked from now on. Asked at each fork: it may decide on the first one. */
export interface ForkHook {
  balancer(): Balancer | undefined;
  /** The load table is full: the worker is forked without us. */
  onTooMany?(): void;
}

/** The last one counts: a supervisor may run in a process that has loaded register.js too. */
const hooks: ForkHook[] = [];
const fork = cluster.fork;

/** Gives every worker node:cluster forks from now on a slot and a link. Returns an undo. */
export function installForkHook(hook: ForkHook): () => void {
  hooks.push(hook);
  replaceFork(forkWithHook);
  return () => {
    hooks.splice(hooks.indexOf(hook), 1);
    if (hooks.length === 0) replaceFork(fork);
  };
}

function replaceFork(by: typeof cluster.fork): void {
  cluster.fork = by;
  syncBuiltinESMExports(); // for `import { fork } from 'node:cluster'`
}

function forkWithHook(env?: object): Worker {
  const hook = hooks.at(-1);
  const balancer = hook?.balancer();
  if (balancer === undefined) return fork.call(cluster, env);
  const handle = balancer.prepare();
  if (handle === undefined) {
    hook?.onTooMany?.();
    return fork.call(cluster, env);
  }
  try {
    const worker = inheriting(handle.link, () => fork.call(cluster, env));
    balancer.attach(handle, worker);
    return worker;
  } catch (error) {
    balancer.discard(handle);
    throw error;
  }
}

/** Runs `fork`, whose child gets its end of the link, and the preload. */
function inheriting<T>(link: PrimaryLink, fork: () => T): T {
  const spawn = prototype.spawn;
  prototype.spawn = function (options) {
    options.args = withPreload(options.args, cluster.settings.exec);
    options.envPairs = options.envPairs.map(rewritten);
    link.extend(options);
    const error = spawn.call(this, options);
    if (error === -constants.errno.EMFILE || error === -constants.errno.ENFILE) closePipes(options);
    return error;
  };
  try {
    return fork();
  } finally {
    prototype.spawn = spawn;
  }
}

/** Of a spawn that found no descriptor Node forgets those it had made for it. */
function closePipes({ stdio }: SpawnOptions): void {
  for (const one of stdio as { type?: string; handle?: { close(): void } }[])
    if (one.type === 'pipe') one.handle?.close();
}

function rewritten(pair: string): string {
  const prefix = 'NODE_OPTIONS=';
  return pair.startsWith(prefix) ? prefix + requireInstead(pair.slice(prefix.length)) : pair;
}
