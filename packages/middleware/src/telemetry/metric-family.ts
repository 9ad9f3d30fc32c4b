/** Label → value. */
export type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

/** One series, held by whoever counts on it: counting is an addition, without a look-up. */
export interface Cell {
  value: number;
}

export interface HistogramCell {
  observe(value: number): void;
}

interface FamilyOptions {
  readonly name: string;
  readonly help: string;
  /** Called at each scrape, before values are read. */
  readonly collect?: () => void;
}

/**
 * A counter or gauge in the shape that registries of prom-client 15 and of its successor read: `name`, `help`, `type`
 * and `get()`. Own classes, so that neither has to be installed, imported or guessed.
 */
export class ValueFamily {
  name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly aggregator = 'sum';
  readonly #cells = new Map<string, { readonly labels: Labels; readonly cell: Cell }>();
  readonly #collect: (() => void) | undefined;

  constructor(type: 'counter' | 'gauge', { name, help, collect }: FamilyOptions) {
    this.type = type;
    this.name = name;
    this.help = help;
    this.#collect = collect;
  }

  /** The series with these labels; there from now on, at 0. */
  cell(labels: Labels = {}): Cell {
    const key = JSON.stringify(Object.values(labels));
    const held = this.#cells.get(key) ?? { labels, cell: { value: 0 } };
    this.#cells.set(key, held);
    return held.cell;
  }

  async get(): Promise<unknown> {
    this.#collect?.();
    const values: Sample[] = [...this.#cells.values()].map(({ labels, cell }) => ({ value: cell.value, labels }));
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }

  reset(): void {
    for (const { cell } of this.#cells.values()) cell.value = 0;
  }
}

/** A histogram in the same shape. Buckets are cumulative, as Prometheus wants them. */
export class HistogramFamily {
  name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #buckets: readonly number[];
  readonly #cells = new Map<string, { readonly labels: Labels; readonly cell: BucketCounts }>();

  constructor({ name, help, buckets }: FamilyOptions & { readonly buckets: readonly number[] }) {
    this.name = name;
    this.help = help;
    this.#buckets = buckets;
  }

  cell(labels: Labels = {}): HistogramCell {
    const key = JSON.stringify(Object.values(labels));
    const held = this.#cells.get(key) ?? { labels, cell: new BucketCounts(this.#buckets) };
    this.#cells.set(key, held);
    return held.cell;
  }

  async get(): Promise<unknown> {
    const values = [...this.#cells.values()].flatMap(({ labels, cell }) => this.#samples(labels, cell));
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }

  reset(): void {
    for (const { cell } of this.#cells.values()) cell.reset();
  }

  #samples(labels: Labels, cell: BucketCounts): Sample[] {
    const metricName = `${this.name}_bucket`;
    let cumulative = 0;
    const buckets = this.#buckets.map((le, index): Sample => {
      cumulative += cell.counts[index] ?? 0;
      return { value: cumulative, labels: { le, ...labels }, metricName };
    });
    return [
      ...buckets,
      { value: cell.count, labels: { le: '+Inf', ...labels }, metricName },
      { value: cell.sum, labels, metricName: `${this.name}_sum` },
      { value: cell.count, labels, metricName: `${this.name}_count` },
    ];
  }
}

class BucketCounts implements HistogramCell {
  readonly counts: number[];
  sum = 0;
  count = 0;
  readonly #buckets: readonly number[];

  constructor(buckets: readonly number[]) {
    this.#buckets = buckets;
    this.counts = buckets.map(() => 0);
  }

  observe(value: number): void {
    const index = this.#buckets.findIndex((bound) => value <= bound);
    if (index !== -1) this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += value;
    this.count += 1;
  }

  reset(): void {
    this.counts.fill(0);
    this.sum = 0;
    this.count = 0;
  }
}
