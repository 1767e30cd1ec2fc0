import type { SocketAddress } from '../binding.js';
import type { Fleet } from '../fleet.js';
import type { Log } from '../log.js';
import { whenOver } from '../over.js';
import { authorityOf, type TcpAddress } from './address.js';
import { atMost, HttpEndpoint, type Reply, type Routes } from './http-endpoint.js';
import { liveness, readiness, type Verdict } from './probes.js';

/** Serves /metrics, /livez and /readyz until every process of the fleet has ended.
 * @throws the system's error where it cannot listen there */
export async function serveHealth(fleet: Fleet, where: TcpAddress, log: Log): Promise<SocketAddress> {
  const endpoint = new HttpEndpoint(routesOf(fleet), log);
  let address: SocketAddress;
  try {
    address = await endpoint.listen(where);
  } catch (error) {
    (error as Error).message = `cannot serve metrics and probes: ${(error as Error).message}`;
    throw error;
  }
  whenOver(fleet, () => endpoint.close());
  log.info({ ...address }, `metrics and probes on http://${authorityOf(address)}`);
  return address;
}

/** Requests for metrics at once. Each may wait for a worker that is blocked: the probes are answered meanwhile. */
const MOST_SCRAPES = 16;

function routesOf(fleet: Fleet): Routes {
  return new Map<string, () => Reply | Promise<Reply>>([
    [
      '/metrics',
      atMost(MOST_SCRAPES, async () => ({
        status: 200,
        type: fleet.metricsContentType,
        body: await fleet.metrics(),
      })),
    ],
    ['/livez', () => verdict(liveness(fleet.status()))],
    ['/readyz', () => verdict(readiness(fleet.status()))],
  ]);
}

function verdict(found: Verdict): Reply {
  return {
    status: found.ok ? 200 : 503,
    type: 'application/json',
    body: `${JSON.stringify(found)}\n`,
  };
}
