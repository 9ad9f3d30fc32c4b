/** Label → value. */
export type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

/** One series of a metric. */
interface Series {
  samplesOf(name: string, labels: Labels): readonly Sample[];
  reset(): void;
}

/** A series of a counter or gauge. Whatever counts holds it, so that counting is an addition without a look-up. */
export class Cell implements Series {
  value = 0;

  samplesOf(_name: string, labels: Labels): readonly Sample[] {
    return [{ value: this.value, labels }];
  }

  reset(): void {
    this.value = 0;
  }
}

/** A series of a histogram. Its samples are cumulative, as in Prometheus. */
export class HistogramCell implements Series {
  readonly #buckets: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(buckets: readonly number[]) {
    this.#buckets = buckets;
    this.#counts = buckets.map(() => 0);
  }

  observe(value: number): void {
    // On the request path: a loop allocates nothing.
    let index = 0;
    while (value > this.#buckets[index]!) index += 1;
    if (index < this.#counts.length) this.#counts[index]! += 1;
    this.#sum += value;
    this.#count += 1;
  }

  samplesOf(name: string, labels: Labels): readonly Sample[] {
    let cumulative = 0;
    const buckets = this.#buckets.map((le, index): Sample => {
      cumulative += this.#counts[index] ?? 0;
      return { value: cumulative, labels: { le, ...labels }, metricName: `${name}_bucket` };
    });
    return [
      ...buckets,
      { value: this.#count, labels: { le: '+Inf', ...labels }, metricName: `${name}_bucket` },
      { value: this.#sum, labels, metricName: `${name}_sum` },
      { value: this.#count, labels, metricName: `${name}_count` },
    ];
  }

  reset(): void {
    this.#counts.fill(0);
    this.#sum = 0;
    this.#count = 0;
  }
}

export interface MetricFamilyOptions<Kind> {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly create: () => Kind;
  /** Called at each scrape, before values are read, which waits for it. */
  readonly collect?: () => void | Promise<void>;
}

/**
 * A metric in the shape that the registries of prom-client 15 and of its successor read: `name`, `help`, `type` and
 * `get()`. With a class of this package neither library has to be installed or imported.
 */
export class MetricFamily<Kind extends Series> {
  name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly aggregator = 'sum';
  readonly #options: MetricFamilyOptions<Kind>;
  readonly #series = new Map<string, { readonly labels: Labels; readonly cell: Kind }>();

  constructor(options: MetricFamilyOptions<Kind>) {
    this.name = options.name;
    this.help = options.help;
    this.type = options.type;
    this.#options = options;
  }

  /** The series with these labels. A new one starts at 0. */
  cell(labels: Labels = {}): Kind {
    const key = JSON.stringify(Object.values(labels));
    const held = this.#series.get(key) ?? { labels, cell: this.#options.create() };
    this.#series.set(key, held);
    return held.cell;
  }

  async get(): Promise<unknown> {
    await this.#options.collect?.();
    const { name, help, type, aggregator } = this;
    const values = [...this.#series.values()].flatMap(({ labels, cell }) => cell.samplesOf(name, labels));
    return { name, help, type, aggregator, values };
  }

  reset(): void {
    for (const { cell } of this.#series.values()) cell.reset();
  }
}
