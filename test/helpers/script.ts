import { execFileSync } from 'node:child_process';
import { NODE } from './fleet.ts';

const dist = (name: string) => new URL(`../../dist/${name}`, import.meta.url).href;

/** Runs `script` as an ES module in a process of its own, with `binding`, `Slot`, `turn` and globalThis.gc
 * in sight: what it prints. Fails where it crashes, or does not end by itself. */
export function run(script: string): string {
  const whole = `
    import { binding } from '${dist('binding.js')}';
    import { Slot } from '${dist('load-table.js')}';
    const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
    ${script}`;
  const args = ['--expose-gc', '--input-type=module', '-e', whole];
  return execFileSync(NODE, args, { encoding: 'utf8', timeout: 20_000 }).trim();
}
