import type { SelectorMechanism } from '../binding.js';
import { type Explanation, explain } from '../explain.js';
import { parsePolicy, parseStrategy } from '../options.js';
import type { Verdict } from '../strategies/select.js';

export interface ExplainFlags {
  strategy: string;
  policy: string;
  json?: true;
}

/** `evenkeel explain` */
export function explainCommand(flags: ExplainFlags): void {
  const explanation = explain({
    strategy: parseStrategy(flags.strategy),
    policy: parsePolicy(flags.policy),
  });
  const text = flags.json ? JSON.stringify(explanation, null, 2) : describe(explanation);
  process.stdout.write(`${text}\n`);
}

const NAMES: Readonly<Record<SelectorMechanism, string>> = { ebpf: 'eBPF', cbpf: 'classic BPF' };
const SIGNS = { chosen: '→', possible: ' ', unsupported: '✗' } as const;

function describe({ strategy, policy, workers, capabilities, reasons }: Explanation): string {
  const pairs = reasons.map((reason) => `${reason.strategy} / ${reason.policy}`);
  const width = Math.max(...pairs.map((pair) => pair.length));
  const line = (verdict: Verdict, name: string, why: string): string =>
    `${SIGNS[verdict]} ${name.padEnd(width)}  ${verdict === 'unsupported' ? 'no: ' : ''}${why}`;
  const lines = reasons.flatMap(({ verdict, why, mechanisms = [] }, i) => [
    line(verdict, pairs[i] ?? '', why),
    ...mechanisms.map(
      (rung) => `  ${line(rung.verdict, NAMES[rung.mechanism].padStart(width - 2), rung.why)}`,
    ),
  ]);
  return [
    `strategy ${strategy}, policy ${policy}, ${workers} workers on ${capabilities.platform}, Node ${capabilities.node}`,
    '',
    ...lines,
  ].join('\n');
}
