/** A metric with all of its values, as prom-client's getMetricsAsJSON() has it and its AggregatorRegistry takes it. */
export interface Family {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** How the values of several workers become one. */
  aggregator: 'sum' | 'first' | 'min' | 'max' | 'average' | 'omit';
  values: Sample[];
}

export interface Sample {
  value: number;
  labels: Readonly<Record<string, string | number>>;
  /** Where it is not the family's: of a histogram's buckets, say. */
  metricName?: string;
}
