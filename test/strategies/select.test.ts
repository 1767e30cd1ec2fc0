import { describe, expect, test } from 'vitest';
import {
  type Capabilities,
  POLICIES,
  type PolicyName,
  type Request,
  STRATEGIES,
  type StrategyName,
  select,
} from '../../dist/strategies/select.js';
import { refusal } from '../helpers/thrown.ts';

const able: Capabilities = {
  platform: 'linux-x64',
  node: 'v20',
  addon: undefined,
  reusePort: undefined,
  deferAccept: undefined,
  gate: undefined,
  wakesOne: undefined,
  ebpf: undefined,
  ebpfRoundRobin: undefined,
  cbpf: undefined,
};
const withoutAddon: Capabilities = { ...able, addon: 'cannot load it', reusePort: 'cannot load it' };
const withoutReusePort: Capabilities = { ...able, reusePort: 'setsockopt ENOPROTOOPT' };
const auto: Request = { strategy: 'auto', policy: 'auto' };

/** What is built, best first. A new pair is one line here. */
const BUILT: readonly [StrategyName, PolicyName][] = [
  ['shared-handle', 'least-connections'],
  ['hand-off', 'least-connections'],
  ['hand-off', 'round-robin'],
  ['hand-off', 'source-hash'],
  ['shared-handle', 'none'],
  ['reuse-port', 'least-connections'],
  ['reuse-port', 'round-robin'],
  ['reuse-port', 'source-hash'],
  ['reuse-port', 'random'],
  ['reuse-port', 'hash'],
];
const ALL = STRATEGIES.flatMap((strategy) => POLICIES.map((policy) => [strategy, policy] as const));
const isBuilt = ([strategy, policy]: readonly [string, string]) =>
  BUILT.some((pair) => pair[0] === strategy && pair[1] === policy);

const refused = (capabilities: Capabilities, request: Request) =>
  refusal(() => select(capabilities, request));

describe('every pair of strategy and policy', () => {
  test.each(ALL.filter(isBuilt))('%s/%s is built: chosen when asked for', (strategy, policy) => {
    expect(select(able, { strategy, policy })).toMatchObject({ strategy, policy });
  });

  test.each(ALL.filter((pair) => !isBuilt(pair)))('%s/%s is not: refused', (strategy, policy) => {
    const error = refused(able, { strategy, policy });
    expect(error.code).toBe('ERR_UNSUPPORTED');
    expect(error.message).toContain(`cannot run strategy ${strategy} with policy ${policy}: `);
    for (const pair of BUILT) expect(error.message).toContain(pair.join('/'));
  });
});

/** The best pair of each strategy (0), or of each policy (1). */
const firstOf = (part: 0 | 1) =>
  BUILT.filter((pair) => BUILT.find((other) => other[part] === pair[part]) === pair);

describe('auto', () => {
  test('takes the best of what is built, and lists it in order', () => {
    const { strategy, policy, reasons } = select(able, auto);
    expect([strategy, policy]).toEqual(BUILT[0]);
    expect(reasons.slice(0, BUILT.length).map((reason) => [reason.strategy, reason.policy])).toEqual(BUILT);
  });

  test.each(firstOf(0))('strategy %s alone: its policy is %s', (strategy, policy) => {
    expect(select(able, { strategy, policy: 'auto' })).toMatchObject({ strategy, policy });
  });

  test.each(firstOf(1))('%s is the strategy of policy %s alone', (strategy, policy) => {
    expect(select(able, { strategy: 'auto', policy })).toMatchObject({ strategy, policy });
  });
});

describe('where every connection wakes every worker that waits', () => {
  const capabilities = { ...able, wakesOne: 'it wakes all', reusePort: 'there is none' };

  test('auto has the primary accept; the others are still to be had, and what speaks against them is said', () => {
    const { strategy, policy, reasons } = select(capabilities, auto);
    expect([strategy, policy]).toEqual(['hand-off', 'least-connections']);
    const gate = reasons.find((reason) => reason.strategy === 'shared-handle');
    expect(gate).toMatchObject({ policy: 'least-connections', verdict: 'possible' });
    expect(gate?.why).toMatch(/; but it wakes all$/);
    expect(reasons).toHaveLength(BUILT.length);
  });

  test('nothing that was measured elsewhere is claimed', () => {
    const said = select(capabilities, auto).reasons.map(({ why }) => why);
    expect(said.join()).not.toMatch(/measured|cheap/);
    expect(
      select(able, auto)
        .reasons.map(({ why }) => why)
        .join(),
    ).toMatch(/measured/);
  });

  test('a strategy that is named is the one that runs', () => {
    expect(select(capabilities, { strategy: 'shared-handle', policy: 'auto' })).toMatchObject({
      strategy: 'shared-handle',
      policy: 'least-connections',
    });
  });
});

describe('the addon is missing', () => {
  test('auto falls back to node:cluster and says why, first', () => {
    const { strategy, policy, reasons } = select(withoutAddon, auto);
    expect({ strategy, policy }).toEqual({ strategy: 'node:cluster', policy: 'round-robin' });
    expect(reasons[0]).toMatchObject({
      strategy: 'node:cluster',
      verdict: 'chosen',
      why: expect.stringMatching(/Node's own cluster serves: cannot load it$/),
    });
    expect(reasons.slice(1).every(({ verdict }) => verdict === 'unsupported')).toBe(true);
  });

  test.each(STRATEGIES)('strategy %s, named, is refused', (strategy) => {
    const error = refused(withoutAddon, { strategy, policy: 'auto' });
    expect(error.code).toBe('ERR_ADDON_UNAVAILABLE');
    expect(error.message).toBe(`cannot run strategy ${strategy} here: cannot load it`);
  });

  test('so is a named policy', () => {
    const error = refused(withoutAddon, { strategy: 'auto', policy: 'hash' });
    expect(error.code).toBe('ERR_ADDON_UNAVAILABLE');
    expect(error.message).toBe('cannot run policy hash here: cannot load it');
  });
});

describe('SO_REUSEPORT is missing', () => {
  test('the others are not touched by it', () => {
    const { strategy, reasons } = select(withoutReusePort, auto);
    expect(strategy).toBe('shared-handle');
    expect(reasons).toContainEqual({
      strategy: 'reuse-port',
      policy: 'hash',
      verdict: 'unsupported',
      why: 'setsockopt ENOPROTOOPT',
    });
    expect(select(withoutReusePort, { strategy: 'hand-off', policy: 'auto' }).policy).toBe(
      'least-connections',
    );
  });

  test('reuse-port, named, is refused', () => {
    const error = refused(withoutReusePort, { strategy: 'reuse-port', policy: 'auto' });
    expect(error.code).toBe('ERR_UNSUPPORTED');
    expect(error.message).toBe('cannot run strategy reuse-port here: setsockopt ENOPROTOOPT');
  });
});

describe('the gate is not to be had', () => {
  const withoutGate: Capabilities = { ...able, gate: 'epoll_ctl EINVAL' };

  test('auto takes the next best, and says why not the gate', () => {
    const { strategy, policy, reasons } = select(withoutGate, auto);
    expect([strategy, policy]).toEqual(BUILT[1]);
    expect(reasons[0]).toEqual({
      strategy: 'shared-handle',
      policy: 'least-connections',
      verdict: 'unsupported',
      why: 'epoll_ctl EINVAL',
    });
  });

  test('shared-handle is the plain shared listener then; with the policy named, refused', () => {
    expect(select(withoutGate, { strategy: 'shared-handle', policy: 'auto' }).policy).toBe('none');
    const error = refused(withoutGate, { strategy: 'shared-handle', policy: 'least-connections' });
    expect(error.code).toBe('ERR_UNSUPPORTED');
    expect(error.message).toContain('epoll_ctl EINVAL');
  });
});

describe('what the kernel can choose with', () => {
  const withoutEbpf: Capabilities = { ...able, ebpf: 'bpf EPERM', ebpfRoundRobin: 'bpf EPERM' };
  const withoutBpf: Capabilities = { ...withoutEbpf, cbpf: 'setsockopt ENOPROTOOPT' };
  const least: Request = { strategy: 'reuse-port', policy: 'least-connections' };
  const rungs = (capabilities: Capabilities, { strategy, policy }: Request) =>
    select(capabilities, { strategy, policy }).reasons.find(
      (reason) => reason.strategy === strategy && reason.policy === policy,
    )?.mechanisms;

  test('least connections: eBPF, else classic BPF, and why not the better one', () => {
    expect(select(able, least).mechanism).toBe('ebpf');
    expect(rungs(able, least)).toEqual([
      { mechanism: 'ebpf', verdict: 'chosen', why: expect.stringContaining('exact') },
      { mechanism: 'cbpf', verdict: 'possible', why: expect.stringContaining('weighted') },
    ]);
    expect(select(withoutEbpf, least).mechanism).toBe('cbpf');
    expect(rungs(withoutEbpf, least)).toEqual([
      { mechanism: 'ebpf', verdict: 'unsupported', why: 'bpf EPERM' },
      { mechanism: 'cbpf', verdict: 'chosen', why: expect.stringContaining('weighted') },
    ]);
  });

  test('neither: refused with both reasons, when named; the kernel alone otherwise', () => {
    const error = refused(withoutBpf, least);
    expect(error.code).toBe('ERR_UNSUPPORTED');
    expect(error.message).toContain('eBPF: bpf EPERM');
    expect(error.message).toContain('classic BPF: setsockopt ENOPROTOOPT');
    expect(select(withoutBpf, { strategy: 'reuse-port', policy: 'auto' })).toMatchObject({
      policy: 'hash',
      mechanism: null,
    });
    expect(rungs(withoutBpf, { strategy: 'reuse-port', policy: 'hash' })).toEqual([
      { mechanism: 'cbpf', verdict: 'unsupported', why: expect.stringContaining('gets new connections too') },
    ]);
  });

  test('round robin takes eBPF: classic BPF has no memory', () => {
    expect(select(able, { strategy: 'reuse-port', policy: 'round-robin' }).mechanism).toBe('ebpf');
    expect(refused(withoutEbpf, { strategy: 'reuse-port', policy: 'round-robin' }).message).toContain(
      'needs eBPF; eBPF: bpf EPERM',
    );
  });

  test('a kernel for round robin alone', () => {
    const old: Capabilities = { ...able, ebpf: 'bpf EINVAL' };
    expect(select(old, { strategy: 'reuse-port', policy: 'round-robin' }).mechanism).toBe('ebpf');
    expect(select(old, least).mechanism).toBe('cbpf');
  });

  test.each(['random', 'source-hash', 'hash'] as const)('%s takes classic BPF alone', (policy) => {
    expect(select(withoutEbpf, { strategy: 'reuse-port', policy }).mechanism).toBe('cbpf');
  });

  test('elsewhere there is nothing of the kind', () => {
    expect(select(able, auto).mechanism).toBeNull();
    expect(select(able, auto).reasons[0]?.mechanisms).toBeUndefined();
  });
});

describe('of every selection', () => {
  const selections: [string, Capabilities, Request][] = [
    ['auto', able, auto],
    ['auto without the addon', withoutAddon, auto],
    ['auto without SO_REUSEPORT', withoutReusePort, auto],
    ...BUILT.map(([strategy, policy]): [string, Capabilities, Request] => [
      `${strategy}/${policy}`,
      able,
      { strategy, policy },
    ]),
  ];

  test.each(selections)('%s: one verdict is "chosen", that of the pair chosen', (_name, machine, request) => {
    const { strategy, policy, reasons } = select(machine, request);
    const chosen = reasons.filter(({ verdict }) => verdict === 'chosen');
    expect(chosen).toEqual([expect.objectContaining({ strategy, policy })]);
  });

  test.each(selections)('%s: no pair is judged twice, each has a reason', (_name, machine, request) => {
    const { reasons } = select(machine, request);
    const pairs = reasons.map(({ strategy, policy }) => `${strategy}/${policy}`);
    expect(new Set(pairs).size).toBe(pairs.length);
    for (const { why } of reasons) expect(why).not.toBe('');
  });

  test.each(selections)('%s: pure', (_name, machine, request) => {
    const frozen: [Capabilities, Request] = [Object.freeze({ ...machine }), Object.freeze({ ...request })];
    const first = select(...frozen);
    const copy = structuredClone(first);
    for (const reason of first.reasons) reason.why = 'changed by a caller';
    first.reasons.length = 0;
    expect(select(...frozen)).toEqual(copy);
  });
});
