import { ConfigurationError } from '../configuration-error.ts';
import { Cell, HistogramCell, type Labels, MetricFamily } from './metric-family.ts';
import { type MetricSpec, metricPrefix } from './metric-spec.ts';

/** What is used of a metrics registry; the registries of prom-client 15 and of its successor fit. */
export interface MetricsRegistry {
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
}

/** One series: counting is an addition. */
export interface Counter {
  value: number;
}

/** Finds the series of the metrics of a table, and creates them. */
export interface MetricFamilies<Name extends string> {
  cell(name: Name, labels?: Labels): Counter;
  histogram(name: Name, labels?: Labels): { observe(value: number): void };
}

export interface RegisteredFamilies<Name extends string> {
  readonly families: MetricFamilies<Name>;
  /** Registers what the registry does not have any longer, because the application has cleared it. */
  registerMissing(): void;
}

/**
 * Registers every metric of a table, with its series at 0 where the table lists all values of the labels.
 *
 * @param collect called at each scrape, before values are read.
 * @throws ConfigurationError when the registry already has a metric of the same name.
 */
export function registerFamilies<Spec extends MetricSpec>(
  registry: MetricsRegistry,
  specs: readonly Spec[],
  collect: (families: MetricFamilies<Spec['name']>) => void | Promise<void>,
): RegisteredFamilies<Spec['name']> {
  const values = new Map<string, MetricFamily<Cell>>();
  const histograms = new Map<string, MetricFamily<HistogramCell>>();
  const registered = new Map<string, MetricFamily<Cell | HistogramCell>>();
  const register = (name: string) => {
    // The types of a registry accept only the classes of its library; it uses name, type and get().
    registry.registerMetric(found(registered, name) as never);
  };
  const families: MetricFamilies<Spec['name']> = {
    cell: (name, labels) => found(values, name).cell(labels),
    histogram: (name, labels) => found(histograms, name).cell(labels),
  };
  for (const { name: key, type, help, labels, buckets = [] } of specs) {
    const name = `${metricPrefix}${key}`;
    if (registry.getSingleMetric(name) !== undefined) {
      throw new ConfigurationError('metrics.registry', `already has a metric ${name}: give another registry`);
    }
    const isHistogram = type === 'histogram';
    const options = { type, name, help, collect: isHistogram ? undefined : () => collect(families) };
    if (isHistogram) histograms.set(key, new MetricFamily({ ...options, create: () => new HistogramCell(buckets) }));
    else values.set(key, new MetricFamily({ ...options, create: () => new Cell() }));
    const family = found<MetricFamily<Cell | HistogramCell>>(isHistogram ? histograms : values, key);
    for (const combination of combinationsOf(labels)) family.cell(combination);
    registered.set(name, family);
    register(name);
  }
  return {
    families,
    registerMissing() {
      for (const name of registered.keys()) if (registry.getSingleMetric(name) === undefined) register(name);
    },
  };
}

/** A series that appears with its first event would not show the increase from 0 to 1. */
function combinationsOf(labels: MetricSpec['labels']): readonly Labels[] {
  return Object.entries(labels).reduce<readonly Labels[]>(
    (combinations, [name, values = []]) =>
      combinations.flatMap((rest) => values.map((value) => ({ ...rest, [name]: value }))),
    [{}],
  );
}

function found<Family>(families: ReadonlyMap<string, Family>, name: string): Family {
  const family = families.get(name);
  if (family === undefined) throw new Error(`the metric table has no metric of this name and type: ${name}`);
  return family;
}
