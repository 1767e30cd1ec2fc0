// Who can take part: `args` are Node's, `env` is added to the environment, `before` is the command Node is
// started by, `node` which Node (else the one of --node), `isAlone` says that there is one process whatever --workers
// says, `isTls` that it speaks HTTPS, `probe` tells why it cannot take part here, `restart` replaces all workers.
import { PAIRS } from '../../dist/strategies/select.js';
import { clusterRoundRobin as ROUND_ROBIN } from '../peers/cluster-round-robin.mjs';
import { clusterSharedHandle as SHARED_HANDLE } from '../peers/cluster-shared-handle.mjs';
import { PEERS } from '../peers/index.mjs';
import { besideNodeReusePort, nodeReusePort } from '../peers/node-reuse-port.mjs';
import { oneProcess as ONE_PROCESS } from '../peers/one-process.mjs';
import { ours } from './ours.mjs';

export { ONE_PROCESS, ROUND_ROBIN, SHARED_HANDLE };

const OURS = PAIRS.map(({ strategy, policy }) => ours(strategy, policy));

/** Without what eBPF takes, whoever starts the bench: the kernel's choice in classic BPF. */
const WITHOUT_CAPABILITIES = ['setpriv', '--bounding-set=-bpf,-sys_admin', '--inh-caps=-bpf,-sys_admin'];

/** Kernel port sharing as it is where eBPF is refused, and with nobody rescued. */
const VARIANTS = OURS.filter(({ id }) => /^reuse-port\/(hash|least-connections)$/.test(id)).flatMap((one) => [
  { ...one, id: `${one.id}@unprivileged`, before: WITHOUT_CAPABILITIES },
  {
    ...one,
    id: `${one.id}@no-rescue`,
    args: (workers) => [...one.args(workers), '--stall-threshold', '0'],
  },
]);

/** All load comes from one address: one worker would get all of it, and the others would never become warm. */
const BY_ADDRESS = /\/source-hash$/;

export const PLAIN = [
  ONE_PROCESS,
  ROUND_ROBIN,
  SHARED_HANDLE,
  ...OURS.filter(({ id }) => !BY_ADDRESS.test(id)),
];

/** Those that can take part on any machine. */
export const ALL = [...PLAIN, ...VARIANTS];

/** Node's own kernel port sharing, and what it is compared with: a process alone, and evenkeel, on the same Node. */
export const NODE_REUSE_PORT = nodeReusePort.id;
export const BESIDE_NODE_REUSE_PORT = besideNodeReusePort.map(({ id }) => id);

/** One of each kind, and Node's own two. `hand-off` stands for its first policy, what it runs by default. */
export const MAIN = [
  'cluster/round-robin',
  'cluster/shared-handle',
  'reuse-port',
  'shared-handle',
  'hand-off',
];

/** With the peers that not every machine has. */
export const EVERYONE = [...ALL, ...PEERS.filter((peer) => !ALL.includes(peer))];

/** Peers have a label, and may be evenkeel itself on another Node. */
export const isOurs = ({ id, label }) =>
  label === undefined && PAIRS.some(({ strategy }) => id.startsWith(`${strategy}/`));

/** Contestants by id; a name without its policy means the first there is, and no variant of it (`…@…`).
 * @param {string[]} names
 * @param {object[]} known */
export function contestants(names, known = EVERYONE) {
  return names.map((name) => {
    const found =
      known.find(({ id }) => id === name) ??
      known.find(({ id }) => id.startsWith(`${name}/`) && !id.includes('@'));
    if (found !== undefined) return found;
    if (BY_ADDRESS.test(name))
      throw new Error(`${name}: all load comes from one address, and one worker would get it all`);
    throw new Error(`no contestant '${name}': there are ${known.map(({ id }) => id).join(', ')}`);
  });
}
