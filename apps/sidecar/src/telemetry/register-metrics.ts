import { type MetricSpec, metricPrefix } from '@revocast/denylist/replica';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The registered metrics, by their names without prefix. A method throws if the metric has another type. */
export interface RegisteredMetrics<Name extends string> {
  counter(name: Name): Counter;
  gauge(name: Name): Gauge;
  histogram(name: Name): Histogram;
}

/** A counter with more label combinations than this starts without series. */
const maxInitialSeries = 200;

/** Registers the metrics of a process. */
export function registerMetrics<Name extends string>(
  specs: readonly (MetricSpec & { readonly name: Name })[],
  registry: Registry,
): RegisteredMetrics<Name> {
  const metrics = new Map<Name, Counter | Gauge | Histogram>(
    specs.map((spec) => [spec.name, register(spec, registry)]),
  );
  const find = <Kind extends Counter | Gauge | Histogram>(name: Name, kind: new (...args: never[]) => Kind): Kind => {
    const metric = metrics.get(name);
    if (metric instanceof kind) return metric;
    throw new Error(`${name} is not registered as ${kind.name}`);
  };
  return {
    counter: (name) => find(name, Counter),
    gauge: (name) => find(name, Gauge),
    histogram: (name) => find(name, Histogram),
  };
}

function register(spec: MetricSpec, registry: Registry): Counter | Gauge | Histogram {
  const { name, type, labels, help, buckets = [] } = spec;
  const common = { name: `${metricPrefix}${name}`, help, labelNames: Object.keys(labels), registers: [registry] };
  if (type === 'histogram') return new Histogram({ ...common, buckets: [...buckets] });
  if (type === 'gauge') return new Gauge(common);
  const counter = new Counter(common);
  // Each series starts at 0: `rate()` does not see the first event of a series that begins at 1.
  for (const combination of combine(labels)) counter.inc(combination, 0);
  return counter;
}

/** Returns every combination of label values; none if a label has no closed list, or if there are too many. */
function combine(labels: MetricSpec['labels']): Record<string, string>[] {
  let combinations: Record<string, string>[] = [{}];
  for (const [label, values = []] of Object.entries(labels)) {
    combinations = combinations.flatMap((given) => values.map((value) => ({ ...given, [label]: value })));
  }
  return combinations.length > maxInitialSeries ? [] : combinations;
}
