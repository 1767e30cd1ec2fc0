import { type Explanation, explain } from '../explain.js';
import { parsePolicy, parseStrategy } from '../options.js';
import { MECHANISM_NAMES, type Verdict } from '../strategies/select.js';
import { print } from './output.js';

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
  print(flags.json ? JSON.stringify(explanation, null, 2) : describe(explanation));
}

const SIGNS = { chosen: '→', possible: ' ', unsupported: '✗' } as const;

function describe({ strategy, policy, workers, capabilities, reasons }: Explanation): string {
  const pairs = reasons.map((reason) => `${reason.strategy} / ${reason.policy}`);
  const width = Math.max(...pairs.map((pair) => pair.length));
  const lines = reasons.flatMap(({ verdict, why, mechanisms = [] }, i) => [
    line(verdict, (pairs[i] ?? '').padEnd(width), why),
    ...mechanisms.map(
      (rung) => `  ${line(rung.verdict, MECHANISM_NAMES[rung.mechanism].padEnd(width - 2), rung.why)}`,
    ),
  ]);
  return [
    `strategy ${strategy}, policy ${policy}, ${workers} workers on ${capabilities.platform}, Node ${capabilities.node}`,
    '',
    ...lines,
  ].join('\n');
}

function line(verdict: Verdict, name: string, why: string): string {
  return `${SIGNS[verdict]} ${name}  ${verdict === 'unsupported' ? 'no: ' : ''}${why}`;
}
