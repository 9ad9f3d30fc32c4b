import { ascending, quantile } from '../report/statistics.ts';
import type { Sample } from './load/open-loop.ts';

/** A closed interval of time. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Samples that overlap with one of the spans: due before its end and answered after its start. */
export function within(samples: readonly Sample[], spans: readonly Span[]): Sample[] {
  return samples.filter(({ dueMs, latencyMs }) =>
    spans.some(({ fromMs, toMs }) => dueMs <= toMs && dueMs + latencyMs >= fromMs),
  );
}

export function p99Ms(samples: readonly Sample[]): number {
  return quantile(ascending(samples.map(({ latencyMs }) => latencyMs)), 0.99);
}
