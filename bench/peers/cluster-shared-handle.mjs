import { restartBySignal } from '../lib/restart.mjs';
import { CLUSTER_APP } from './files.mjs';

/** node:cluster with one accept queue for all: who wakes first takes. */
export const clusterSharedHandle = {
  id: 'cluster/shared-handle',
  label: 'node:cluster, shared handle',
  probe: () => undefined,
  args: () => [CLUSTER_APP],
  env: { NODE_CLUSTER_SCHED_POLICY: 'none', SAYS_READY: '1', GRACEFUL: 'message' },
  restart: restartBySignal,
};
