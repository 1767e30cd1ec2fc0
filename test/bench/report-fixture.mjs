// Reports as a run would write them, with figures that nobody measured. `node test/bench/report-fixture.mjs` prints
// one, to look at the page.
import { fileURLToPath } from 'node:url';
import { random } from '../../bench/lib/random.mjs';

const WORKERS = 4;
const ROUNDS = 5;

/** Contestants, with how dear a connection is and how long the tail. */
const CONTESTANTS = {
  'one-process': { cost: 88, tail: 260 },
  'cluster/round-robin': { cost: 192, tail: 154 },
  'cluster/shared-handle': { cost: 86, tail: 133 },
  'reuse-port/hash': { cost: 79, tail: 134 },
  'reuse-port/round-robin': { cost: 83, tail: 136 },
  'reuse-port/least-connections': { cost: 82, tail: 131 },
  'reuse-port/hash@unprivileged': { cost: 80, tail: 140 },
  'reuse-port/hash@no-rescue': { cost: 78, tail: 169 },
  'shared-handle/least-connections': { cost: 84, tail: 112 },
  'hand-off/least-connections': { cost: 79, tail: 127 },
  'hand-off/round-robin': { cost: 81, tail: 120 },
  'node/reuse-port': { cost: 80, tail: 168 },
  haproxy: { cost: 260, tail: 128 },
};

const FEW = [
  'cluster/round-robin',
  'cluster/shared-handle',
  'reuse-port/hash',
  'shared-handle/least-connections',
  'hand-off/least-connections',
  'haproxy',
];

/** The nearer to 1, the closer: as the axis wants them. */
export const QUANTILES = [...Array.from({ length: 61 }, (_, i) => 1 - 10 ** (-i / 20)), 1];

/** @param {{ only?: string[], seed?: number }} choice contestants that take part */
export function fixture({ only = Object.keys(CONTESTANTS), seed = 1 } = {}) {
  const uniform = random(seed);
  const chosen = (ids) => ids.filter((id) => only.includes(id));
  /** A figure of each round, some per cent to either side. */
  const around = (value, share = 0.08) =>
    figure(Array.from({ length: ROUNDS }, () => value * (1 + share * (2 * uniform() - 1))));
  const row = (id, values, failures = {}) => ({ id, values, failures });
  const all = chosen(Object.keys(CONTESTANTS));
  const few = chosen(FEW);
  const roundRobin = only.includes('cluster/round-robin') && CONTESTANTS['cluster/round-robin'];

  const scenarios = {
    cpu: scenario('CPU time for each new connection, and the most connections a second', {
      columns: [
        column('microseconds', 'CPU per connection', 'µs', 1, 'lower'),
        ...(roundRobin
          ? [{ ...column('ratio', 'CPU ÷ cluster/round-robin', '', 2, 'lower'), base: 'cluster/round-robin' }]
          : []),
        column('rate', 'Connections a second', '/s', 0, 'higher'),
        column('othersCpus', "Others' CPUs", '', 1, null),
      ],
      rows: all.map((id) => {
        const { cost } = CONTESTANTS[id];
        return row(id, {
          microseconds: around(cost),
          ...(roundRobin ? { ratio: around(cost / roundRobin.cost, 0.03) } : {}),
          rate: around(1.15e6 / cost),
          othersCpus: around(0.1, 0.5),
        });
      }),
    }),
    keepalive: scenario('Requests on connections that stay', {
      columns: [column('rate', 'Requests a second', '/s', 0, 'higher')],
      rows: few.map((id) => row(id, { rate: around(41_000 - CONTESTANTS[id].cost * 10, 0.2) })),
    }),
    skew: scenario('Latency when 5% of the requests need 50 ms of CPU, the others 0.2 ms', {
      columns: [
        ...['p50', 'p90'].map((key) => column(key, key, 'ms', 1, 'lower')),
        column('p99', 'p99', 'ms', 1, 'lower'),
        column('lateP99', 'Sent late, p99', 'ms', 1, null),
      ],
      rows: all.map((id) => {
        const { tail } = CONTESTANTS[id];
        const values = {
          p50: around(1),
          p90: around(tail / 2.4),
          p99: around(tail, 0.04),
          lateP99: around(0.8),
        };
        return row(id, values, { ok: 5800, reset: 0, hung: 0 });
      }),
      distributions: { latency: Object.fromEntries(all.map((id) => [id, latency(CONTESTANTS[id].tail)])) },
    }),
    stall: scenario('Latency while one worker is blocked, twice for 2 s in 10 s', {
      columns: [
        column('p99', 'p99', 'ms', 1, 'lower'),
        column('p999', 'p99.9', 'ms', 1, 'lower'),
        column('max', 'max', 'ms', 0, 'lower'),
      ],
      rows: few.map((id) => {
        const isBlind = id === 'haproxy' || id === 'cluster/round-robin';
        return row(id, {
          p99: around(isBlind ? 1860 : 4, 0.1),
          p999: around(isBlind ? 1990 : 7, 0.2),
          max: isBlind ? around(2012, 0.01) : { median: null, low: null, high: null, rounds: [] },
        });
      }),
      distributions: {
        latency: Object.fromEntries(
          few.map((id) => [id, latency(id === 'haproxy' ? 2000 : CONTESTANTS[id].tail / 20)]),
        ),
      },
    }),
    kill: scenario('Failed requests when random workers are killed with SIGKILL under load', {
      columns: [
        column('failed', 'Failed', '', 0, 'lower'),
        column('beyond', 'Failed beyond those inside the killed', '', 0, 'lower'),
      ],
      rows: few.map((id) =>
        id === 'cluster/round-robin'
          ? row(id, { failed: figure([54]), beyond: figure([39]) }, { ok: 10_946, reset: 34, hung: 20 })
          : row(id, { failed: figure([15]), beyond: figure([0]) }, { ok: 10_985, reset: 15, hung: 0 }),
      ),
    }),
    fairness: scenario('How evenly connections spread: the fullest worker over the mean', {
      columns: [
        column('sequential', '1000 in turn', '', 2, 'lower'),
        column('held', '100 held, in turn', '', 2, 'lower'),
      ],
      rows: few.map((id, i) =>
        row(id, { sequential: figure([1, 1, 1.01]), held: figure([1 + i / 8, 1 + i / 8, 1.02 + i / 8]) }),
      ),
      distributions: { workers: Object.fromEntries(few.map((id, i) => [id, shares(i)])) },
    }),
    memory: scenario('Memory', {
      columns: [
        column('worker', 'Each worker', 'bytes', 0, 'lower'),
        column('idle', 'CPU of an idle primary', 'cores', 2, 'lower'),
      ],
      rows: few.map((id, i) => row(id, { worker: around(4.7e13, 0.3), idle: around(3e-7 * (i + 1)) })),
    }),
  };
  return {
    version: 1,
    date: '2026-01-31T12:00:00Z',
    machine: {
      node: 'v20.20.2',
      benchNode: 'v20.20.2',
      kernel: 'Linux 6.18.0',
      cpu: 'A CPU that does not exist',
      cpus: 2,
      loadAverage: 0.4,
      platform: 'linux x64',
    },
    options: { workers: WORKERS, seed: 7, mode: 'default' },
    seconds: 754,
    absent: [
      { id: 'pm2', why: 'pm2 is not installed (npm install --global pm2)' },
      { id: 'nginx', why: 'no nginx on PATH' },
    ],
    scenarios,
    model: MODEL,
  };

  function scenario(title, summary) {
    const results = Object.fromEntries(summary.rows.map(({ id }) => [id, rounds(id)]));
    return { title, options: { rounds: ROUNDS, seeds: [7, 8, 9] }, results, summary };
  }

  function rounds(id) {
    return Array.from({ length: ROUNDS }, () => ({ othersCpus: id === 'haproxy' ? 0.7 : 0.02 }));
  }
}

function column(key, label, unit, digits, better) {
  return { key, label, unit, digits, better };
}

export function figure(rounds) {
  const sorted = [...rounds].sort((a, b) => a - b);
  return { median: sorted[(sorted.length - 1) >> 1], low: sorted[0], high: sorted.at(-1), rounds };
}

/** Most are quick, 5% are long, and few wait for several of those; `tail` is about the 99th percentile. */
function latency(tail) {
  return QUANTILES.map((quantile) => {
    const nines = -Math.log10(1 - Math.min(quantile, 0.9999));
    return [quantile, 0.4 + nines + (tail * 1.15) / (1 + Math.exp(-5 * (nines - 1.4))) + (tail * nines) / 40];
  });
}

function shares(unevenness) {
  return [25, 25, 25, 25].map((count, worker) => count + unevenness * [3, 1, -1, -3][worker]);
}

const MODEL = {
  skew: {
    'central queue (M/G/k)': latency(94),
    'join the shortest queue': latency(110),
    random: latency(165),
  },
  scaling: {
    'central queue (M/G/k)': [4, 16, 64, 128].map((workers) => [workers, 94 / workers ** 0.15]),
    'late binding': [4, 16, 64, 128].map((workers) => [workers, 95 / workers ** 0.15]),
    'join the shortest queue': [4, 16, 64, 128].map((workers) => [workers, 110 / workers ** 0.12]),
    'round robin': [4, 16, 64, 128].map((workers) => [workers, 150 / workers ** 0.02]),
    random: [4, 16, 64, 128].map((workers) => [workers, 165]),
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , ...only] = process.argv;
  console.log(JSON.stringify(fixture(only.length > 0 ? { only } : {}), null, 2));
}
