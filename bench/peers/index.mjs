import { clusterRoundRobin } from './cluster-round-robin.mjs';
import { clusterSharedHandle } from './cluster-shared-handle.mjs';
import { haproxy } from './haproxy.mjs';
import { nginx } from './nginx.mjs';
import { besideNodeReusePort, nodeReusePort } from './node-reuse-port.mjs';
import { oneProcess } from './one-process.mjs';
import { pm2 } from './pm2.mjs';

/** Who else can put many processes behind one port.
 * @typedef {object} Peer
 * @property {string} id
 * @property {string} label
 * @property {() => string | undefined} probe why it cannot take part here; undefined: it can
 * @property {(server: object) => Promise<void>} [restart] replaces all workers while it serves; see lib/restart.mjs
 * and what any contestant has: lib/contestants.mjs */
export const PEERS = [
  oneProcess,
  clusterRoundRobin,
  clusterSharedHandle,
  nodeReusePort,
  ...besideNodeReusePort,
  pm2,
  ...haproxy,
  ...nginx,
];

/** Those of the contestants that cannot take part, and why.
 * @returns {{id: string, why: string}[]} */
export function absent(contestants) {
  return contestants.flatMap(({ id, probe }) => {
    const why = probe?.();
    return why === undefined ? [] : [{ id, why }];
  });
}
