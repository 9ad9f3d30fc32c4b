/** One metric. Registration, documentation, and the tests of dashboards and alerts use it. */
export interface MetricSpec {
  /** Without {@link metricPrefix}. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /**
   * Label → its closed list of values; `undefined` when the configuration closes the list (issuers, versions). A value is
   * never a subject, a token id, a client, a path or an error text.
   */
  readonly labels: Readonly<Record<string, readonly string[] | undefined>>;
  readonly help: string;
  readonly unit: 'seconds' | 'bytes' | 'requests' | 'rules' | 'entries' | 'events' | 'none';
  /** Upper bounds in `unit`, for a histogram. */
  readonly buckets?: readonly number[];
}

/** Every metric name starts with it. */
export const metricPrefix = 'revocast_';
