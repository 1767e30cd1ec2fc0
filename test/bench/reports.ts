// Made-up reports, for tests.

export interface Value {
  median: number;
  low: number;
  high: number;
  rounds: number[];
}

export const value = (...rounds: number[]): Value => {
  const sorted = rounds.toSorted((a, b) => a - b);
  const median = sorted[Math.ceil(sorted.length / 2) - 1] as number;
  return { median, low: Math.min(...rounds), high: Math.max(...rounds), rounds };
};

export const column = (key: string, better: 'lower' | 'higher' | null = 'lower') => ({
  key,
  label: key,
  unit: 'ms',
  digits: 1,
  better,
});

type Rows = { [id: string]: { [key: string]: Value } };

export const summary = (columns: ReturnType<typeof column>[], rows: Rows, failures = {}) => ({
  columns,
  rows: Object.entries(rows).map(([id, values]) => ({ id, values, failures })),
});

export const MACHINE = {
  node: 'v20.1.0',
  benchNode: 'v20.1.0',
  kernel: 'Linux 6.1',
  cpu: 'a CPU',
  cpus: 2,
  loadAverage: 0.1,
  platform: 'linux-x64',
};

export const report = (scenarios: { [name: string]: ReturnType<typeof summary> }) => ({
  version: 1,
  date: '2026-01-01T00:00:00.000Z',
  machine: MACHINE,
  options: { workers: 4, seed: 1, mode: 'default' },
  seconds: 60,
  absent: [],
  scenarios: Object.fromEntries(
    Object.entries(scenarios).map(([name, summary]) => [
      name,
      { title: name, options: { workers: 4, node: '/node', rounds: 3 }, results: {}, summary },
    ]),
  ),
});
