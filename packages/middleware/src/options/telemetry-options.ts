import type { MetricsRegistry, OpenTelemetryApi } from '@revocast/denylist/replica';
import { type GivenOptions, group, type Reader, required } from './option-table.ts';
import { hasMethods } from './read-option.ts';

/** Receives a line for each change of state; `console` and every common logger fit. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
}

export const isLogger = hasMethods<Logger>('info', 'warn');
const isRegistry = hasMethods<MetricsRegistry>('registerMetric', 'getSingleMetric');
const isTraceApi = hasMethods<OpenTelemetryApi['trace']>('getTracer', 'setSpanContext');
const isMetricsApi = hasMethods<OpenTelemetryApi['metrics']>('getMeter');

const isOpenTelemetryApi = (value: unknown): value is OpenTelemetryApi =>
  typeof value === 'object' &&
  value !== null &&
  isTraceApi(Reflect.get(value, 'trace')) &&
  isMetricsApi(Reflect.get(value, 'metrics'));

/** The options `metrics`. */
export const metricsTable = {
  /** The registry. Verifiers with the same one share its metrics. */
  registry: required({
    bounds: 'a metrics registry (with `registerMetric`)',
    read: (_, value) => (isRegistry(value) ? value : undefined),
  }),
};

/** The options `openTelemetry`. */
export const openTelemetryTable = {
  /** `import * as api from '@opentelemetry/api'`. */
  api: required({
    bounds: 'the exports of `@opentelemetry/api`',
    read: (_, value) => (isOpenTelemetryApi(value) ? value : undefined),
  }),
};

export type OpenTelemetryOptions = GivenOptions<typeof openTelemetryTable>;

const readGroup = group(openTelemetryTable);

/** Returns the object that was given: verifiers that share it are counted together. */
export const readOpenTelemetry: Reader<OpenTelemetryOptions> = (name, value, context) => {
  readGroup(name, value, context);
  return value as OpenTelemetryOptions; // read in the line before
};
