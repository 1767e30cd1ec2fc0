// What figures depend on.
import { execFileSync } from 'node:child_process';
import os from 'node:os';

/** A load average far above 0 says that the machine had other things to do. */
export function machine(node) {
  return {
    node: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(),
    benchNode: process.version,
    kernel: `${os.type()} ${os.release()}`,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cpus: os.availableParallelism(),
    loadAverage: os.loadavg()[0],
    platform: `${process.platform}-${process.arch}`,
  };
}

export function describe({ node, kernel, cpus, pinning, loadAverage }) {
  const where = `Node ${node}, ${kernel}, ${cpus} CPUs, load average ${loadAverage.toFixed(1)}`;
  return `${where}; ${pinning}; ratios within a table count`;
}
