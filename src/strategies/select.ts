import type { SelectorMechanism } from '../binding.js';
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
  /** A handshake completed only when the client's first bytes are there. */
  deferAccept: string | undefined;
  /** A selector program in eBPF, loaded and attached: that of least connections, which takes the most. */
  readonly ebpf: string | undefined;
  /** That of round robin. */
  readonly ebpfRoundRobin: string | undefined;
  /** One in classic BPF, attached. */
  readonly cbpf: string | undefined;
  /** A listening socket polled by gates, on Linux exclusively on the loop's own epoll. */
  gate: string | undefined;
  /** Of those who wait at one socket one alone is woken for a connection. */
  wakesOne: string | undefined;
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
  /** `reuse-port`: with what the kernel could choose, best first, and why not. */
  mechanisms?: Rung[];
}

/** One way to have the kernel choose. */
export interface Rung {
  mechanism: SelectorMechanism;
  verdict: Verdict;
  why: string;
}

export interface Selection {
  /** `node:cluster` only under `auto`, where the addon is not to be had. */
  strategy: StrategyName | 'node:cluster';
  policy: PolicyName;
  /** What the selector program is made with; null: there is none. */
  mechanism: SelectorMechanism | null;
  /** Every pair in order of preference, each with its verdict. */
  reasons: Reason[];
}

interface Pair {
  strategy: StrategyName;
  policy: PolicyName;
  /** What speaks for it, said when it is chosen or could be. */
  why: string;
  /** The same where one queue has one worker woken for a connection, as it was measured. */
  measured?: string;
  /** What the kernel could choose with, best first, and what is to be said for each. */
  mechanisms?: Partial<Record<SelectorMechanism, string>>;
  /** It can do without any. */
  plain?: string;
}

/** What is built, best first: the order `auto` tries, but see inOrder(). */
export const PAIRS: readonly Pair[] = [
  {
    strategy: 'shared-handle',
    policy: 'least-connections',
    why: 'every worker accepts from one queue, but only while it is not ahead of the others: nobody waits behind a busy worker, long-lived connections spread evenly, and no hop through the primary',
    measured:
      'measured (docs/performance.md): 0.38 of the CPU per connection of node:cluster round robin, and the shortest tail of what was compared',
  },
  {
    strategy: 'hand-off',
    policy: 'least-connections',
    why: 'the primary accepts, and passes each connection to the worker with the fewest: exact, and what a worker that blocks has not taken is given to another',
    measured: 'as cheap as one queue with gates, with a longer tail under mixed work',
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
    policy: 'least-connections',
    why: 'the kernel gives each connection to the worker with the fewest: no hop and no shared lock; it is bound before a worker is free, so the tail under mixed work is longer than with one queue',
    mechanisms: {
      ebpf: 'exact, from the load table, for each connection',
      cbpf: 'a random choice, weighted anew every millisecond or few by the load table',
    },
  },
  {
    strategy: 'reuse-port',
    policy: 'round-robin',
    why: 'the kernel gives connections to the workers strictly in turn: no hop and no shared lock, but blind to how long each takes',
    mechanisms: { ebpf: 'in turn among those that can take one' },
  },
  {
    strategy: 'reuse-port',
    policy: 'source-hash',
    why: 'the kernel sends a client address always to the same worker while that lives: no hop and no shared lock; others wait behind a busy worker',
    mechanisms: { cbpf: 'rendezvous hashing of the address over the workers' },
  },
  {
    strategy: 'reuse-port',
    policy: 'random',
    why: 'the kernel spreads connections at random: no hop and no shared lock, and not to be steered by who chooses his port',
    mechanisms: { cbpf: 'a random number for each connection' },
  },
  {
    strategy: 'reuse-port',
    policy: 'hash',
    why: 'the kernel spreads connections by a hash of their addresses and ports: no hop, no shared lock and no program',
    mechanisms: { cbpf: 'only while a worker is blocked or gone: a random choice among the others' },
    plain: 'the hash alone, so who is blocked or gone gets new connections too',
  },
];

/** Which strategy and policy to run, and why each other pair is not. Pure.
 * @throws EvenkeelError ERR_UNSUPPORTED where what was asked for cannot be had: only `auto` falls back.
 *         ERR_ADDON_UNAVAILABLE where a strategy was named and the addon is missing. */
export function select(capabilities: Capabilities, request: Request): Selection {
  const pairs = inOrder(capabilities);
  const wanted = pairs.filter(
    (pair) =>
      (request.strategy === 'auto' || pair.strategy === request.strategy) &&
      (request.policy === 'auto' || pair.policy === request.policy),
  );
  const chosen = wanted.find((pair) => obstacle(pair, capabilities) === undefined);
  const isAuto = request.strategy === 'auto' && request.policy === 'auto';
  if (chosen === undefined && !isAuto) throw refusal(capabilities, request, wanted);

  const reasons = pairs.map((pair) => judge(pair, pair === chosen, capabilities));
  if (chosen !== undefined) {
    const { strategy, policy } = chosen;
    return { strategy, policy, mechanism: mechanismOf(chosen, capabilities), reasons };
  }

  const why = `no strategy of evenkeel's can run here, so Node's own cluster serves: ${capabilities.addon}`;
  const fallback = { strategy: 'node:cluster', policy: 'round-robin', verdict: 'chosen', why } as const;
  const { strategy, policy } = fallback;
  return { strategy, policy, mechanism: null, reasons: [fallback, ...reasons] };
}

/** Where every connection wakes every worker that waits, the primary had better accept them. */
function inOrder({ addon, wakesOne }: Capabilities): readonly Pair[] {
  if (addon !== undefined || wakesOne === undefined) return PAIRS;
  const isHandOff = ({ strategy }: Pair): boolean => strategy === 'hand-off';
  return [...PAIRS.filter(isHandOff), ...PAIRS.filter((pair) => !isHandOff(pair))];
}

/** Workers accept from the one socket through gates. */
export function isGated(strategy: StrategyName, policy: PolicyName): boolean {
  return strategy === 'shared-handle' && policy === 'least-connections';
}

const MECHANISMS: readonly SelectorMechanism[] = ['ebpf', 'cbpf'];
export const MECHANISM_NAMES: Readonly<Record<SelectorMechanism, string>> = {
  ebpf: 'eBPF',
  cbpf: 'classic BPF',
};

function whyNot(
  mechanism: SelectorMechanism,
  { policy }: Pair,
  capabilities: Capabilities,
): string | undefined {
  if (mechanism === 'ebpf' && policy === 'round-robin') return capabilities.ebpfRoundRobin;
  return capabilities[mechanism];
}

function mechanismOf(pair: Pair, capabilities: Capabilities): SelectorMechanism | null {
  return mechanismsOf(pair).find((one) => whyNot(one, pair, capabilities) === undefined) ?? null;
}

function obstacle(pair: Pair, capabilities: Capabilities): string | undefined {
  if (capabilities.addon !== undefined) return capabilities.addon;
  if (isGated(pair.strategy, pair.policy)) return capabilities.gate;
  if (pair.strategy !== 'reuse-port') return undefined;
  if (capabilities.reusePort !== undefined) return capabilities.reusePort;
  if (pair.plain !== undefined || mechanismOf(pair, capabilities) !== null) return undefined;
  return `needs ${mechanismsOf(pair)
    .map((one) => MECHANISM_NAMES[one])
    .join(' or ')}`;
}

function mechanismsOf(pair: Pair): SelectorMechanism[] {
  return MECHANISMS.filter((one) => pair.mechanisms?.[one] !== undefined);
}

function judge(pair: Pair, isChosen: boolean, capabilities: Capabilities): Reason {
  const { strategy, policy } = pair;
  const against = obstacle(pair, capabilities);
  const mechanisms = ladder(pair, isChosen, capabilities);
  const verdict = against !== undefined ? 'unsupported' : isChosen ? 'chosen' : 'possible';
  const why = against ?? praise(pair, capabilities);
  return { strategy, policy, verdict, why, ...(mechanisms && { mechanisms }) };
}

function praise({ strategy, why, measured }: Pair, { wakesOne }: Capabilities): string {
  if (wakesOne === undefined) return measured === undefined ? why : `${why}; ${measured}`;
  return strategy === 'shared-handle' ? `${why}; but ${wakesOne}` : why;
}

function ladder(pair: Pair, isChosen: boolean, capabilities: Capabilities): Rung[] | undefined {
  const isHere = capabilities.addon === undefined && capabilities.reusePort === undefined;
  if (pair.mechanisms === undefined || !isHere) return undefined;
  const used = mechanismOf(pair, capabilities);
  return MECHANISMS.flatMap((mechanism): Rung[] => {
    const why = pair.mechanisms?.[mechanism];
    if (why === undefined) return [];
    const against = whyNot(mechanism, pair, capabilities);
    if (against !== undefined) {
      const then = pair.plain === undefined ? '' : `; then ${pair.plain}`;
      return [{ mechanism, verdict: 'unsupported', why: `${against}${then}` }];
    }
    return [{ mechanism, verdict: isChosen && mechanism === used ? 'chosen' : 'possible', why }];
  });
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
    const rungs = ladder(blocked, false, capabilities) ?? [];
    const why = [
      obstacle(blocked, capabilities),
      ...rungs.map((rung) => `${MECHANISM_NAMES[rung.mechanism]}: ${rung.why}`),
    ];
    return new EvenkeelError(code, `cannot run ${asked} here: ${why.join('; ')}`);
  }
  const pairs = PAIRS.map((pair) => `${pair.strategy}/${pair.policy}`).join(', ');
  return new EvenkeelError(
    'ERR_UNSUPPORTED',
    `cannot run ${asked}: there is no such pair. Possible pairs: ${pairs}.`,
  );
}
