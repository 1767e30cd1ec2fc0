import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import { probe } from './capabilities.js';
import { openLink } from './link/open.js';
import { MAX_WORKERS } from './load-table.js';
import { warningLog } from './log.js';
import { LINK_ENV } from './messages.js';
import {
  parseDeferAccept,
  parseMilliseconds,
  parsePolicy,
  parseStrategy,
  STALL_THRESHOLD,
  settleDeferAccept,
} from './options.js';
import { Balancer } from './primary/balancer.js';
import { installForkHook } from './primary/fork-hook.js';
import { select } from './strategies/select.js';
import { EvenkeelWorker } from './worker/worker.js';

/* `node --import evenkeel/register app.js`: in a primary, every worker node:cluster forks is served by
 * evenkeel (EVENKEEL_STRATEGY,
 * EVENKEEL_POLICY, EVENKEEL_DEFER_ACCEPT, EVENKEEL_STALL_THRESHOLD); in a worker, listen() is. Anywhere else it does nothing,
 * so it may stand in NODE_OPTIONS. */

const LOADED = Symbol.for('evenkeel.register');
const globals = globalThis as { [LOADED]?: true };

// A worker_thread inherits execArgv, but node:cluster lives in the main thread only.
if (isMainThread && globals[LOADED] === undefined) {
  globals[LOADED] = true;
  const link = process.env[LINK_ENV];
  delete process.env[LINK_ENV]; // a process this one starts has another one, or none
  if (cluster.isWorker) {
    if (link !== undefined) new EvenkeelWorker(openLink(link)).start();
  } else {
    accelerate();
  }
}

function accelerate(): void {
  const request = {
    strategy: parseStrategy(process.env.EVENKEEL_STRATEGY ?? 'auto'),
    policy: parsePolicy(process.env.EVENKEEL_POLICY ?? 'auto'),
  };
  const deferWanted = parseDeferAccept(process.env.EVENKEEL_DEFER_ACCEPT ?? 'auto');
  const stallThreshold = parseMilliseconds(
    'EVENKEEL_STALL_THRESHOLD',
    process.env.EVENKEEL_STALL_THRESHOLD ?? STALL_THRESHOLD,
  );
  let balancer: Balancer | undefined;
  let decided = false;
  installForkHook({
    // Decided at the first fork: most processes never fork a worker, and should not load the addon.
    balancer() {
      if (decided) return balancer;
      const capabilities = probe();
      const { strategy, policy, mechanism, reasons } = select(capabilities, request);
      const deferAccept = settleDeferAccept(deferWanted, capabilities);
      decided = true;
      if (strategy === 'node:cluster') {
        warningLog.warn({ code: 'ERR_ADDON_UNAVAILABLE' }, reasons[0]?.why ?? '');
      } else {
        balancer = new Balancer({
          strategy,
          policy,
          mechanism,
          log: warningLog,
          supervised: false,
          orphanTimeout: 0,
          deferAccept,
          stallThreshold,
        });
      }
      return balancer;
    },
    onTooMany() {
      warningLog.warn(
        { code: 'ERR_UNSUPPORTED' },
        `more than ${MAX_WORKERS} workers: the further ones are served by node:cluster itself`,
      );
    },
  });
}
