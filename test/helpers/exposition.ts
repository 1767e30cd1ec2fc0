/** A family of Prometheus' text format 0.0.4. */
export interface ParsedFamily {
  name: string;
  help: string;
  type: string;
  samples: ParsedSample[];
}

export interface ParsedSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export class Exposition {
  readonly families = new Map<string, ParsedFamily>();

  /** Strictly: what Prometheus would only put up with is an error. */
  constructor(text: string) {
    if (!text.endsWith('\n')) throw new Error('the last line does not end');
    let family: ParsedFamily | undefined;
    const seen = new Set<string>();
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const help = /^# HELP ([a-zA-Z_:][\w:]*) (.*)$/.exec(line);
      const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
      if (help !== null) {
        const [, name = '', text = ''] = help;
        if (this.families.has(name)) throw new Error(`two families are called ${name}`);
        if (!/^(?:[^\\]|\\[\\n])*$/.test(text)) throw new Error(`a stray backslash: ${line}`);
        family = { name, help: text, type: '', samples: [] };
        this.families.set(name, family);
      } else if (type !== null) {
        if (
          family === undefined ||
          family.name !== type[1] ||
          family.type !== '' ||
          family.samples.length > 0
        )
          throw new Error(`TYPE without its HELP: ${line}`);
        family.type = type[2] ?? '';
      } else {
        const sample = parseSample(line);
        if (family === undefined || !belongs(sample, family)) throw new Error(`of no family: ${line}`);
        const identity = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
        if (seen.has(identity)) throw new Error(`twice: ${line}`);
        seen.add(identity);
        family.samples.push(sample);
      }
    }
    for (const one of this.families.values()) check(one);
  }

  /** Of the sample of that name with just these labels; NaN where there is none. */
  value(name: string, labels: Record<string, string> = {}): number {
    const wanted = JSON.stringify(Object.entries(labels).sort());
    const all = [...this.families.values()].flatMap(({ samples }) => samples);
    const found = all.find(
      (sample) => sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted,
    );
    return found?.value ?? Number.NaN;
  }

  /** Of all samples of a name. */
  sum(name: string): number {
    const samples = [...this.families.values()].flatMap((family) => family.samples);
    return samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
  }

  /** Every sample of every counter, histogram and summary, by its identity. */
  counters(): Map<string, number> {
    const counting = [...this.families.values()].filter(({ type }) => type !== 'gauge');
    const samples = counting.flatMap((family) => family.samples);
    return new Map(samples.map(({ name, labels, value }) => [`${name}${JSON.stringify(labels)}`, value]));
  }
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_]\w*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/;

function parseSample(line: string): ParsedSample {
  const [, name, inBraces = '', number = ''] = SAMPLE.exec(line) ?? [];
  if (name === undefined) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  for (let rest = inBraces; rest !== ''; ) {
    const [whole, label, text] = LABEL.exec(rest) ?? [];
    if (whole === undefined || label === undefined || label in labels) throw new Error(`bad labels: ${line}`);
    labels[label] = text ?? '';
    rest = rest.slice(whole.length);
  }
  const isNumber = /^[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|Inf|NaN|Nan)$/.test(number);
  if (!isNumber) throw new Error(`no number: ${line}`);
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) };
}

const SUFFIXES: Record<string, RegExp> = { histogram: /^_(bucket|sum|count)$/, summary: /^(_(sum|count))?$/ };

function belongs({ name }: ParsedSample, family: ParsedFamily): boolean {
  if (!name.startsWith(family.name)) return false;
  return (SUFFIXES[family.type] ?? /^$/).test(name.slice(family.name.length));
}

function check({ name, help, type, samples }: ParsedFamily): void {
  if (help === '' || type === '') throw new Error(`${name} has no HELP or no TYPE`);
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} is below 0`);
  if (type !== 'histogram') return;
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const last = new Map<string, { bound: number; value: number }>();
  for (const { labels, value } of buckets) {
    const { le = '', ...rest } = labels;
    const key = JSON.stringify(rest);
    const bound = Number(le.replace('Inf', 'Infinity'));
    const before = last.get(key) ?? { bound: Number.NEGATIVE_INFINITY, value: 0 };
    if (!(bound > before.bound) || value < before.value) throw new Error(`${name}: le="${le}" does not grow`);
    last.set(key, { bound, value });
  }
  const counts = samples.filter((sample) => sample.name === `${name}_count`);
  for (const { labels, value } of counts) {
    const all = last.get(JSON.stringify(labels));
    if (all?.bound !== Number.POSITIVE_INFINITY || all.value !== value)
      throw new Error(`${name}: the last bucket is not all`);
  }
}
