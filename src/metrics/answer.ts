import type { Family, Sample } from './family.js';

/* What an application's prom-client says when a primary's AggregatorRegistry asks it: prom-client's
 * lib/cluster.js, the same from its version 11 to 15. The copy of it in the worker is the application's. */

export const QUESTION = 'prom-client:getMetricsReq';
const ANSWER = 'prom-client:getMetricsRes';

export interface Answer {
  requestId: unknown;
  error?: unknown;
  metrics?: unknown;
}

export function isAnswer(message: unknown): message is Answer {
  return (message as { type?: unknown } | null | undefined)?.type === ANSWER;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const TYPES: readonly unknown[] = ['counter', 'gauge', 'histogram', 'summary'];
const AGGREGATORS: readonly unknown[] = ['sum', 'first', 'min', 'max', 'average', 'omit'];
/** What is said of one that is none. */
const LONGEST_NAME = 80;
/** Our own names are ours alone. */
const RESERVED = /^evenkeel_/;

/** The registries in an answer, one list of metrics each. One malformed metric would spoil the whole exposition, so
 * what is not well-formed is left out. Undefined where it is no answer of that kind at all.
 * @param onLeftOut the metric that is left out, or of which samples are */
export function parseAnswer(
  { metrics }: Answer,
  onLeftOut: (name: string) => void = () => {},
): Family[][] | undefined {
  if (!Array.isArray(metrics) || !metrics.every(Array.isArray)) return undefined;
  return (metrics as unknown[][]).map((registry) =>
    registry.flatMap((metric) => parseFamily(metric, onLeftOut)),
  );
}

function parseFamily(metric: unknown, onLeftOut: (name: string) => void): Family[] {
  const { name, help, type, aggregator = 'sum', values } = (metric ?? {}) as Record<string, unknown>;
  const isFine =
    isName(name) && !RESERVED.test(name) && TYPES.includes(type) && AGGREGATORS.includes(aggregator);
  if (!isFine || !Array.isArray(values)) {
    onLeftOut(String(name).slice(0, LONGEST_NAME));
    return [];
  }
  const fine = values.filter(isSample);
  if (fine.length < values.length) onLeftOut(name);
  const samples = fine.map(({ labels, ...rest }) => ({ ...rest, labels: asText(labels) }));
  return [{ name, help: String(help), type, aggregator, values: samples } as Family];
}

const LABEL_TYPES = new Set(['string', 'number', 'boolean']);

/** JSON has no NaN and no Infinity: what is neither comes as null. */
function isSample(value: unknown): value is Sample {
  const sample = (value ?? {}) as Partial<Record<keyof Sample, unknown>>;
  const { labels } = sample;
  if (typeof sample.value !== 'number' || typeof labels !== 'object' || labels === null) return false;
  if (sample.metricName !== undefined && !isName(sample.metricName)) return false;
  return Object.entries(labels).every(
    ([label, text]) => LABEL.test(label) && (text === null || LABEL_TYPES.has(typeof text)),
  );
}

/** As prom-client writes them. */
function asText(labels: Sample['labels']): Sample['labels'] {
  return Object.fromEntries(
    Object.entries(labels).map(([label, text]) => [label, typeof text === 'number' ? text : String(text)]),
  );
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name);
}
