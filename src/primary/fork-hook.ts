import cluster, { type Worker } from 'node:cluster';
import { syncBuiltinESMExports } from 'node:module';
import { binding } from '../binding.js';
import type { PrimaryLink } from '../link/link.js';
import { hookingSpawn } from '../spawn-hook.js';
import type { Balancer } from './balancer.js';
import { requireInstead, withPreload } from './preload.js';

/** Says who serves the workers forked from now on. Asked at each fork: it may decide on the first one. */
export interface ForkHook {
  balancer(): Balancer | undefined;
  /** The load table is full: the worker is forked without us, unless this throws. */
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
  const make = (): T =>
    hookingSpawn((options) => {
      options.args = withPreload(options.args, cluster.settings.exec);
      options.envPairs = options.envPairs.map(rewritten);
      link.extend(options);
    }, fork);
  const { makeProcess } = binding();
  return makeProcess === undefined ? make() : makeProcess(make);
}

function rewritten(pair: string): string {
  const prefix = 'NODE_OPTIONS=';
  return pair.startsWith(prefix) ? prefix + requireInstead(pair.slice(prefix.length)) : pair;
}
