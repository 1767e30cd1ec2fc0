import { serveAgentCheck } from './agent-check/serve.js';
import type { Fleet } from './fleet.js';
import type { TcpAddress } from './health/address.js';
import { serveHealth } from './health/serve.js';
import type { Log } from './log.js';
import type { SystemdEnvironment } from './systemd/environment.js';
import { serveSystemd } from './systemd/service.js';

export interface BesideOptions {
  /** Undefined: not served. */
  metrics: TcpAddress | undefined;
  /** Undefined: not served. */
  agentCheck: TcpAddress | undefined;
  systemd: SystemdEnvironment;
  log: Log;
}

/** What becomes of the others where one cannot be served. */
export type Attempt = (serve: () => Promise<void>) => Promise<void>;

/** Whoever looks at a fleet from outside is served beside its workers: systemd, Prometheus, Kubernetes and HAProxy.
 * Before the first worker is forked, after an upgrade when the old process has let go, until the last has ended.
 * @param attempt none is served after one that cannot be, unless it says otherwise
 * @throws the system's error where the port of `metrics` or `agentCheck` cannot be listened on; ERR_ADDON_UNAVAILABLE */
export async function serveBeside(
  fleet: Fleet,
  { metrics, agentCheck, systemd, log }: BesideOptions,
  attempt: Attempt = (serve) => serve(),
): Promise<void> {
  serveSystemd(fleet, systemd, log);
  if (metrics !== undefined)
    await attempt(async () => fleet.onMetricsServed(await serveHealth(fleet, metrics, log)));
  if (agentCheck !== undefined)
    await attempt(async () => fleet.onAgentCheckServed(await serveAgentCheck(fleet, agentCheck, log)));
}
