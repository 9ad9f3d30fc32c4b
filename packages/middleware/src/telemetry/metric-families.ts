import type { Cell, Labels } from './metric-family.ts';
import type { MetricName } from './middleware-metrics.ts';

/** Finds and makes the series of the metric table. */
export interface MetricFamilies {
  cell(name: MetricName, labels?: Labels): Cell;
  histogram(name: MetricName, labels?: Labels): { observe(value: number): void };
}
