// Who can take part: `args` are Node's, `env` is added to the environment, `before` is the command Node is
// started by.
import { fileURLToPath } from 'node:url';
import { PAIRS } from '../../dist/strategies/select.js';

const local = (file) => fileURLToPath(new URL(file, import.meta.url));
export const cli = local('../../dist/cli/main.js');
const app = local('../app.mjs');
const clusterApp = local('../cluster-app.mjs');

/** The floor: no balancing at all. Nothing but its CPU time can be compared. */
export const ONE_PROCESS = { id: 'one-process', args: () => [app], isAlone: true };

export const ROUND_ROBIN = {
  id: 'cluster/round-robin',
  args: () => [clusterApp],
  env: { NODE_CLUSTER_SCHED_POLICY: 'rr' },
};
export const SHARED_HANDLE = {
  id: 'cluster/shared-handle',
  args: () => [clusterApp],
  env: { NODE_CLUSTER_SCHED_POLICY: 'none' },
};

const OURS = PAIRS.map(({ strategy, policy }) => ({
  id: `${strategy}/${policy}`,
  args: (workers) => [cli, app, '-w', String(workers), '-s', strategy, '-p', policy],
}));

/** Without what eBPF takes, whoever starts the bench: the kernel's choice in classic BPF. */
const WITHOUT_CAPABILITIES = ['setpriv', '--bounding-set=-bpf,-sys_admin', '--inh-caps=-bpf,-sys_admin'];

/** Kernel port sharing as it is where eBPF is refused, and with nobody rescued. */
const VARIANTS = OURS.filter(({ id }) => /^reuse-port\/(hash|least-connections)$/.test(id)).flatMap(
  ({ id, args }) => [
    { id: `${id}@unprivileged`, args, before: WITHOUT_CAPABILITIES },
    { id: `${id}@no-rescue`, args: (workers) => [...args(workers), '--stall-threshold', '0'] },
  ],
);

/** All load comes from one address: one worker would get all of it, and the others would never become warm. */
const BY_ADDRESS = /\/source-hash$/;

export const PLAIN = [
  ONE_PROCESS,
  ROUND_ROBIN,
  SHARED_HANDLE,
  ...OURS.filter(({ id }) => !BY_ADDRESS.test(id)),
];
export const ALL = [...PLAIN, ...VARIANTS];

/** One of each kind, and Node's own two. `hand-off` stands for its first policy, what it runs by default. */
export const MAIN = [
  'cluster/round-robin',
  'cluster/shared-handle',
  'reuse-port',
  'shared-handle',
  'hand-off',
];

/** Peers have a label, and may be evenkeel itself on another Node. */
export const isOurs = ({ id, label }) =>
  label === undefined && PAIRS.some(({ strategy }) => id.startsWith(`${strategy}/`));

/** Contestants by id; a name without its policy means the first there is, and no variant of it (`…@…`).
 * @param {string[]} names
 * @param {object[]} known */
export function contestants(names, known = ALL) {
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
