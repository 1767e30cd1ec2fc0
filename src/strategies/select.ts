import { EvenkeelError } from '../errors.js';

export const STRATEGIES = ['reuse-port', 'hand-off', 'shared-handle'] as const;
export const POLICIES = [
  'none',
  'hash',
  'random',
  'source-hash',
  'round-robin',
  'least-connections',
] as const;

export type StrategyName = (typeof STRATEGIES)[number];
export type PolicyName = (typeof POLICIES)[number];

/** What this machine can do, as probed; see capabilities.ts. `undefined` means it can, text why not. */
export interface Capabilities {
  platform: string;
  node: string;
  /** The addon loads and can make a load table and a channel. Every strategy needs it. */
  addon: string | undefined;
  /** Two sockets of one reuseport group. */
  reusePort: string | undefined;
  /** A listening socket polled exclusively, on the loop's own epoll. */
  gate: string | undefined;
}

export interface Request {
  strategy: StrategyName | 'auto';
  policy: PolicyName | 'auto';
}

export type Verdict = 'chosen' | 'possible' | 'unsupported';

export interface Reason {
  strategy: StrategyName | 'node:cluster';
  policy: PolicyName;
  verdict: Verdict;
  why: string;
}

export interface Selection {
  /** `node:cluster` only under `auto`, where the addon is not to be had. */
  strategy: StrategyName | 'node:cluster';
  policy: PolicyName;
  /** Every pair in order of preference, each with its verdict. */
  reasons: Reason[];
}

interface Pair {
  strategy: StrategyName;
  policy: PolicyName;
  /** What speaks for it, said when it is chosen or could be. */
  why: string;
}

/** What is built, best first: the order `auto` tries. */
export const PAIRS: readonly Pair[] = [
  {
    strategy: 'shared-handle',
    policy: 'least-connections',
    why: 'every worker accepts from one queue, but only while it is not ahead of the others: nobody waits behind a busy worker, long-lived connections spread evenly, and no hop through the primary; measured (docs/performance.md): 0.44 of the CPU per connection of node:cluster round robin, and the shortest tail of what was compared',
  },
  {
    strategy: 'hand-off',
    policy: 'least-connections',
    why: 'the primary accepts, and passes each connection to the worker with the fewest: exact, and what a worker that blocks has not taken is given to another; as cheap, with a longer tail under mixed work',
  },
  {
    strategy: 'hand-off',
    policy: 'round-robin',
    why: 'the primary accepts and passes connections in turn; a worker that does not keep up is passed over',
  },
  {
    strategy: 'hand-off',
    policy: 'source-hash',
    why: 'the primary accepts, and a client address always reaches the same worker while that lives: for servers that keep state of their clients; others wait behind a busy worker',
  },
  {
    strategy: 'shared-handle',
    policy: 'none',
    why: 'every worker accepts from one queue, whoever wakes first: nobody waits behind a busy worker, but long-lived connections pile up unevenly',
  },
  {
    strategy: 'reuse-port',
    policy: 'hash',
    why: 'the kernel spreads connections by a hash of their addresses: no hop and no shared lock, but blind to a busy worker',
  },
];

const NOT_BUILT: Partial<Record<`${StrategyName}/${PolicyName}`, string>> = {
  'reuse-port/random': 'needs a selector program, which this version does not have',
  'reuse-port/source-hash': 'needs a selector program, which this version does not have',
  'reuse-port/round-robin': 'needs a selector program, which this version does not have',
  'reuse-port/least-connections': 'needs a selector program, which this version does not have',
};

/** Which strategy and policy to run, and why each other pair is not. Pure.
 * @throws EvenkeelError ERR_UNSUPPORTED where what was asked for cannot be had: only `auto` falls back.
 *         ERR_ADDON_UNAVAILABLE where a strategy was named and the addon is missing. */
export function select(capabilities: Capabilities, request: Request): Selection {
  const wanted = PAIRS.filter(
    (pair) =>
      (request.strategy === 'auto' || pair.strategy === request.strategy) &&
      (request.policy === 'auto' || pair.policy === request.policy),
  );
  const chosen = wanted.find((pair) => obstacle(pair, capabilities) === undefined);
  const isAuto = request.strategy === 'auto' && request.policy === 'auto';
  if (chosen === undefined && !isAuto) throw refusal(capabilities, request, wanted);

  const reasons = PAIRS.map((pair) => judge(pair, pair === chosen, capabilities));
  for (const [name, why] of Object.entries(NOT_BUILT)) {
    const [strategy, policy] = name.split('/') as [StrategyName, PolicyName];
    reasons.push({ strategy, policy, verdict: 'unsupported', why });
  }
  if (chosen !== undefined) return { strategy: chosen.strategy, policy: chosen.policy, reasons };

  const why = `no strategy of evenkeel's can run here, so Node's own cluster serves: ${capabilities.addon}`;
  const fallback = { strategy: 'node:cluster', policy: 'round-robin', verdict: 'chosen', why } as const;
  return { strategy: fallback.strategy, policy: fallback.policy, reasons: [fallback, ...reasons] };
}

/** Workers accept from the one socket through gates. */
export function isGated(strategy: StrategyName, policy: PolicyName): boolean {
  return strategy === 'shared-handle' && policy === 'least-connections';
}

function obstacle(pair: Pair, capabilities: Capabilities): string | undefined {
  if (capabilities.addon !== undefined) return capabilities.addon;
  if (pair.strategy === 'reuse-port') return capabilities.reusePort;
  return isGated(pair.strategy, pair.policy) ? capabilities.gate : undefined;
}

function judge(pair: Pair, isChosen: boolean, capabilities: Capabilities): Reason {
  const { strategy, policy } = pair;
  const against = obstacle(pair, capabilities);
  if (against !== undefined) return { strategy, policy, verdict: 'unsupported', why: against };
  return { strategy, policy, verdict: isChosen ? 'chosen' : 'possible', why: pair.why };
}

function refusal(capabilities: Capabilities, request: Request, wanted: Pair[]): EvenkeelError {
  const asked =
    request.strategy === 'auto'
      ? `policy ${request.policy}`
      : request.policy === 'auto'
        ? `strategy ${request.strategy}`
        : `strategy ${request.strategy} with policy ${request.policy}`;
  const blocked = wanted[0];
  if (blocked !== undefined) {
    const code = capabilities.addon !== undefined ? 'ERR_ADDON_UNAVAILABLE' : 'ERR_UNSUPPORTED';
    return new EvenkeelError(code, `cannot run ${asked} here: ${obstacle(blocked, capabilities)}`);
  }
  const why = NOT_BUILT[`${request.strategy as StrategyName}/${request.policy as PolicyName}`];
  const pairs = PAIRS.map((pair) => `${pair.strategy}/${pair.policy}`).join(', ');
  return new EvenkeelError(
    'ERR_UNSUPPORTED',
    `cannot run ${asked}: ${why ?? 'there is no such pair'}. Possible pairs: ${pairs}.`,
  );
}
