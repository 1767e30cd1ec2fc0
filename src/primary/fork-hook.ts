import { ChildProcess } from 'node:child_process';
import cluster, { type Worker } from 'node:cluster';
import { CHANNEL_ENV } from '../messages.js';
import type { Balancer } from './balancer.js';
import { requireInstead, withPreload } from './preload.js';

interface SpawnOptions {
  args: string[];
  stdio: unknown[];
  envPairs: string[];
}

/** ChildProcess.prototype.spawn, where fork() ends up with its options complete. Undocumented, and the
 * only place that sees every stdio setting of node:cluster without changing `cluster.settings`. */
const prototype = ChildProcess.prototype as unknown as { spawn(options: SpawnOptions): unknown };

/** Gives every worker node:cluster forks from now on a slot and a channel.
 * `balancer` is asked at each fork: it may decide on the first one.
 * @returns an undo. */
export function installForkHook(
  balancer: () => Balancer | undefined,
  onTooMany: () => void = () => {},
): () => void {
  const fork = cluster.fork;
  cluster.fork = (env?: object): Worker => {
    const present = balancer();
    if (present === undefined) return fork.call(cluster, env);
    const handle = present.prepare();
    if (handle === undefined) {
      onTooMany();
      return fork.call(cluster, env);
    }
    try {
      const worker = inheriting(handle.channel.peerFd(), () => fork.call(cluster, env));
      present.attach(handle, worker);
      return worker;
    } catch (error) {
      present.discard(handle);
      throw error;
    }
  };
  return () => {
    cluster.fork = fork;
  };
}

/** Runs `fork`, whose child gets `fd` after its other stdio, its number in CHANNEL_ENV, and the preload. */
function inheriting<T>(fd: number, fork: () => T): T {
  const spawn = prototype.spawn;
  prototype.spawn = function (options) {
    const index = options.stdio.length;
    options.stdio = [...options.stdio, fd];
    options.args = withPreload(options.args, cluster.settings.exec);
    options.envPairs = options.envPairs.map(rewritten);
    options.envPairs.push(`${CHANNEL_ENV}=${index}`);
    return spawn.call(this, options);
  };
  try {
    return fork();
  } finally {
    prototype.spawn = spawn;
  }
}

function rewritten(pair: string): string {
  const prefix = 'NODE_OPTIONS=';
  return pair.startsWith(prefix) ? prefix + requireInstead(pair.slice(prefix.length)) : pair;
}
