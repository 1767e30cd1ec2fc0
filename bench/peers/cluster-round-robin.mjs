import { restartBySignal } from '../lib/restart.mjs';
import { CLUSTER_APP } from './files.mjs';

/** What node:cluster does by default: the primary accepts, and passes each connection on. */
export const clusterRoundRobin = {
  id: 'cluster/round-robin',
  label: 'node:cluster, round robin',
  probe: () => undefined,
  args: () => [CLUSTER_APP],
  env: { NODE_CLUSTER_SCHED_POLICY: 'rr', SAYS_READY: '1', GRACEFUL: 'message' },
  restart: restartBySignal,
};
