/** One metric: what is registered, documented, and tested against dashboards and alerts. */
export interface MetricSpec {
  /** Without the prefix {@link metricPrefix}. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /**
   * Label → its closed list of values; `undefined` for a list that the configuration closes (issuers, versions). No value
   * is ever a subject, a token id, a client, a path or an error text.
   */
  readonly labels: Readonly<Record<string, readonly string[] | undefined>>;
  readonly help: string;
  readonly unit: 'seconds' | 'bytes' | 'requests' | 'rules' | 'entries' | 'events' | 'none';
  /** Upper bounds in `unit`; of histograms. */
  readonly buckets?: readonly number[];
}

/** Every metric name starts with it. */
export const metricPrefix = 'revocast_';
