import type { OpenTelemetryApi } from '@revocast/denylist/replica';
import { hasMethods, isGiven, refuse, refuseUnknownKeys } from './read-option.ts';

/** Where lines about changes of state go; `console` and every common logger fit. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
}

/** What of a metrics registry is used; that of prom-client 15 and of its successor fit. */
export interface MetricsRegistry {
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
}

/** Traces and counters for OpenTelemetry: names in docs/opentelemetry.md. */
export interface OpenTelemetryOptions {
  /** `import * as api from '@opentelemetry/api'`. */
  readonly api: OpenTelemetryApi;
}

/** @throws ConfigurationError */
export function readLogger(value: unknown): Logger | null | undefined {
  if (value === undefined || value === null) return value;
  return isLogger(value) ? value : refuse('logger', 'an object with `info` and `warn`, or null', value);
}

function isLogger(value: unknown): value is Logger {
  return hasMethods(value, ['info', 'warn']);
}

/** @throws ConfigurationError */
export function readRegistry(value: unknown): MetricsRegistry | undefined {
  if (value === undefined) return undefined;
  if (!isGiven(value)) refuse('metrics', 'an object with a `registry`', value);
  refuseUnknownKeys('metrics.', value, ['registry']);
  return isRegistry(value['registry'])
    ? value['registry']
    : refuse('metrics.registry', 'a metrics registry (with `registerMetric`)', value['registry']);
}

function isRegistry(value: unknown): value is MetricsRegistry {
  return hasMethods(value, ['registerMetric', 'getSingleMetric']);
}

/** @throws ConfigurationError */
export function readOpenTelemetry(value: unknown): OpenTelemetryOptions {
  if (!isGiven(value)) refuse('openTelemetry', 'an object with an `api`', value);
  refuseUnknownKeys('openTelemetry.', value, ['api']);
  if (!isOpenTelemetryApi(value['api'])) {
    refuse('openTelemetry.api', 'what `@opentelemetry/api` exports', value['api']);
  }
  // As it was given: verifiers that were handed the same object are counted together.
  return value as unknown as OpenTelemetryOptions; // read above
}

function isOpenTelemetryApi(value: unknown): value is OpenTelemetryApi {
  return (
    typeof value === 'object' &&
    value !== null &&
    hasMethods(Reflect.get(value, 'trace'), ['getTracer', 'setSpanContext']) &&
    hasMethods(Reflect.get(value, 'metrics'), ['getMeter'])
  );
}
