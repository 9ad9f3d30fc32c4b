/** One figure at one moment: milliseconds since the soak began. */
export interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** Selects the limits of `judgeSeries`: bytes of memory, open handles, or the size of a collection. */
export type SeriesKind = 'memory' | 'handles' | 'size';

/** One figure of one process or of the log, over the whole soak. */
export interface Series {
  /** `a1 rss`, `log stream`, … */
  readonly name: string;
  readonly kind: SeriesKind;
  readonly points: readonly Point[];
}

/** Collects points by name. */
export class SeriesBook {
  readonly #series = new Map<string, { kind: SeriesKind; points: Point[] }>();

  note(name: string, kind: SeriesKind, point: Point): void {
    const series = this.#series.get(name) ?? { kind, points: [] };
    series.points.push(point);
    this.#series.set(name, series);
  }

  all(): Series[] {
    return [...this.#series].map(([name, { kind, points }]) => ({ name, kind, points }));
  }
}
