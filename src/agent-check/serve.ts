import type { SocketAddress } from '../binding.js';
import type { Fleet } from '../fleet.js';
import { authorityOf, type TcpAddress } from '../health/address.js';
import type { Log } from '../log.js';
import { whenOver } from '../over.js';
import { agentAnswer, placesOf } from './answer.js';
import { chooseBusyTime } from './busy-time.js';
import { LineServer } from './line-server.js';
import { cpuTimes } from './machine.js';
import { Utilisation } from './utilisation.js';

/** Answers HAProxy's agent-check until every process of the fleet has ended.
 * @throws the system's error where it cannot listen there */
export async function serveAgentCheck(fleet: Fleet, where: TcpAddress, log: Log): Promise<SocketAddress> {
  const busyTime = chooseBusyTime();
  const utilisation = new Utilisation({ busyTime, cpuTimes });
  const server = new LineServer(() => answerOf(fleet, utilisation), log);
  let address: SocketAddress;
  try {
    address = await server.listen(where);
  } catch (error) {
    (error as Error).message = `cannot serve the agent check: ${(error as Error).message}`;
    throw error;
  }
  whenOver(fleet, () => server.close());
  const lacks = busyTime === undefined ? "; weights by the machine's idle time alone" : '';
  log.info({ ...address }, `agent check on tcp://${authorityOf(address)}${lacks}`);
  return address;
}

function answerOf(fleet: Fleet, utilisation: Utilisation): string {
  const { phase, size, workers } = fleet.status();
  const pids = workers.flatMap(({ state, pid }) => (state === 'ready' && pid !== undefined ? [pid] : []));
  return agentAnswer({
    phase,
    ...placesOf({ size, workers }),
    utilisation: utilisation.of(pids, performance.now()),
  });
}
