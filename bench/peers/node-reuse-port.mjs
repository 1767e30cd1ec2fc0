import { NEWER, newerNode, whyNoNewerNode } from '../lib/newer-node.mjs';
import { ours } from '../lib/ours.mjs';
import { clusterSharedHandle } from './cluster-shared-handle.mjs';
import { oneProcess } from './one-process.mjs';

/** On the Node that has `reusePort`, which need not be the one the others run on. */
function onNewerNode(contestant, label) {
  return {
    ...contestant,
    id: `${contestant.id}@${NEWER}`,
    label: `${label}, ${NEWER}`,
    probe: whyNoNewerNode,
    get node() {
      return newerNode();
    },
  };
}

/** Node's own kernel port sharing: each worker listens for itself. */
export const nodeReusePort = onNewerNode(
  {
    ...clusterSharedHandle,
    id: 'node/reuse-port',
    env: { ...clusterSharedHandle.env, REUSE_PORT: '1' },
  },
  "Node's reusePort: true",
);

/** What it is to be compared with: the floor, and evenkeel by the same means, on the same Node. */
export const besideNodeReusePort = [
  onNewerNode(oneProcess, oneProcess.label),
  onNewerNode(ours('reuse-port', 'hash'), 'evenkeel, reuse-port / hash'),
];
